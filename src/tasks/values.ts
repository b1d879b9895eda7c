/** Values of columns of tasks. */

export const statuses = ['Todo', 'InProgress', 'Done'] as const;
export const priorities = ['Low', 'Medium', 'High'] as const;

/** The value of `list_key` and `parent_key` of a task without a list or a parent. */
export const noKey = '00000000-0000-0000-0000-000000000000';
