/** Optional features of the embedded issuer. Without them, it has sign-up and sign-in by password, sessions and tokens. */
import { type EmbeddedAuth, type SocialProvider, socialProviders } from '../../config/config.ts';

/** `social` is at least one provider. */
export type IssuerFeature = 'email' | 'social' | SocialProvider | 'two-factor';

export type IssuerFeatures = ReadonlySet<IssuerFeature>;

export const noFeatures: IssuerFeatures = new Set();

export const allFeatures: IssuerFeatures = new Set(['email', 'social', ...socialProviders, 'two-factor']);

/** The features that are configured. */
export function featuresOf({ email, providers, hasTwoFactor }: EmbeddedAuth): IssuerFeatures {
  const features = new Set<IssuerFeature>();
  if (email) features.add('email');
  for (const provider of socialProviders) if (providers[provider]) features.add('social').add(provider);
  if (hasTwoFactor) features.add('two-factor');
  return features;
}
