/**
 * Secrets that are public: samples of token debuggers, defaults of Docker set-ups, tutorials and frameworks. Sample texts
 * that consist of the words below need no entry.
 */
export const knownSecrets: readonly string[] = [
  // RFC 7515, appendix A.1, and RFC 7520, section 3.5.
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg',
  // Supabase, Nhost, PostgREST and Hasura.
  'UpNVntn3cDxHJpq99YMc1T1AQgQpc8kfYTuRgBiYa15BLrx8etQoXz3gZv1/u2oq',
  '0f987876650b4a085e64594fae9219e7781b17506bec02489ad061fba8cb22db',
  'reallyreallyreallyreallyverysafe',
  '3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R',
  'W0+jiu+shi+zhong+xin+xi+huan_Hasura+_1_2_3',
  // FastAPI, Flask, Spring Boot, Express and NestJS.
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf',
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970',
  '3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b',
  'bezkoder',
  'keyboard cat',
  'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.',
  // Docker set-ups: Directus, Dify, Lobe Chat, Trigger.dev, Infisical, Plane, Redash, Tyk, APISIX, Superset, Airflow,
  // Grafana, Nacos, Zitadel, Firefly III, Gitea.
  '255d861b-5ea1-5996-9aa3-922530ec40b1',
  '6116487b-cda1-52c2-b5b5-c8022c45e263',
  'sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U',
  'Kix2wcUONd4CX51E/ZPAd36BqM4wzJgKjPtz2sGztqQ=',
  'NX2kaPE923dt6BL2U8e9oSre5RfoT7hg',
  '2818143646516f6fffd707b36f334bbb',
  '44da78b7bbb0dfe709cf38931d25dcdd',
  'f686147ab967943ebbe9ed3b496e465a',
  '6c1fe4e407b8911c104518103505b218',
  '5lrMXKKWCVocS/uerPsl7V+TX/aaUaI7iDkgl3tSmLE=',
  '60gp0byfz2dvffa45cxl20p1scy9xbpf6d8c5y0geejgkyp1b5',
  'c292a0a3aa32397cdb050e233733900f',
  '352d20ee67be67f6340b4c0605b044b7',
  'edd1c9f034335f136f87ad84b625c8f1',
  '81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=',
  'SW2YcwTIb9zpOOhoPsMm',
  'VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=',
  'MasterkeyNeedsToHave32Characters',
  'SomeRandomStringOf32CharsExactly',
  '!#@FDEWREWR&*(',
  // Amazon's sample of a secret access key.
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  // Well-known phrases and numbers.
  'correct horse battery staple',
  'the quick brown fox jumps over the lazy dog',
  'lorem ipsum dolor sit amet consectetur adipiscing elit',
  'to be or not to be that is the question',
  'may the force be with you',
  'all work and no play makes jack a dull boy',
  '3141592653',
  '5897932384',
  '6264338327',
  '9502884197',
  '2718281828',
  '4590452353',
  '6028747135',
  '2662497757',
  '11235813213455891442',
  '23571113171923293137',
  '00112233445566778899aabbccddeeff',
  '0102030405060708090a0b0c0d0e0f10',
  'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6',
  'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  'deadbeef',
  'cafebabe',
  'baadf00d',
  'feedface',
];

/** Words of placeholders, and of texts about secrets: each adds nothing that an attacker has to guess. */
export const commonWords: readonly string[] = `
  a an and any are as at be before by can do for from have here if in into is it its me must my needs no not of on only
  or our out own should so some than that the then there these this to too up use used using we when will with you your
  the that than has was were but all they please really very super mega extra more also just
  secret secrets key keys keyboard token tokens password passwords passwd passphrase pass pwd pw jwt jws hmac sha hs256
  hs384 hs512 rs256 sha256 sha512 aes base64 hex utf8 auth authentication authorization authenticate oauth better bearer
  session cookie cookies sign signed signing signature encrypt encrypted encryption decrypt crypto cipher salt
  hash hashed private public master admin administrator root user users username login signin
  sample samples example examples placeholder default defaults dummy fake test tests tested testing tester demo foo bar baz
  qux foobar lorem ipsum dummy temp temporary tmp todo tbd fixme none null nothing   change changed changing changeme changeit changethis replace replaced replacing insert enter paste put set update
  updated generate generated generating generator create created random randomly randomize string
  strings text word words phrase something whatever somewhere somehow   long longer short length size least minimum min max maximum exactly about character characters char chars byte bytes bit
  bits digit digits letter letters number numbers thirty two three four sixty one zero hundred
  dev develop development developer developers local localhost production prod staging environment env config
  configuration server service services app apps application api apis backend frontend web website site company corp
  acme inc org com net io database data db project projects framework docker compose kubernetes
  install installation insecure secure secured security safe safety unsafe strong stronger weak
  complex complicated unique custom personal important confidential protect protected protection   warning note never always ever don dont wont forget know known   commit github repo repository env.local need want make made sure let lets get got give
  new bad easy deploy deployed
  deployment leak real purposes purpose reasons   hello world welcome letmein iloveyou master   trustno1 qwerty azerty qwertz asdf zxcv qazwsx abc123 abcd1234 admin123 password1 password123 passw0rd
  supersecret topsecret mysecret yoursecret secretkey mykey yourkey
  nodejs nextjs nextauth nuxt vue svelte boot django fastapi
  laravel rails php golang symfony hono supabase hasura postgres postgresql postgrest gotrue
  firebase keycloak mysql mongodb mongo redis prisma strapi directus appwrite pocketbase   jsonwebtoken json tutorial tutorials hello123 company myapp yourapp
  mycompany yourcompany mydomain yourdomain task tasks todos todoapi   soleil secreto clave contrasena cambiar cambiame geheim geheimnis passwort schluessel aendern bitte segreto chiave
  secreta senha chave alterar mudar motdepasse cle changer
  refresh access shared ultra thank thanks awesome value values different valid which instead outside only   thirtytwo sixtyfour 256 384 512 128 32 64 1990 1991 1992 1993 1994 1995 1996 1997 1998 1999 2000 2001 2010 2015
  2018 2019 2020 2021 2022 2023 2024 2025 2026 2027 2028 2029 2030
`
  .trim()
  .split(/\s+/);
