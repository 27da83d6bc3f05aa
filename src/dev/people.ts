/** Someone of the demo's company: known to MindTickle by `userId`, to the identity provider by `email`. */
export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly teamId: string;
  readonly role: string;
  /** Null at the top. */
  readonly managerEmail: string | null;
  /** Display names of the groups in the identity provider. */
  readonly groups: readonly GroupName[];
}

/** The groups of the identity provider. */
export const groupNames = ['Certified', 'Recertification required', 'Sales', 'Sales onboarding'] as const;

type GroupName = (typeof groupNames)[number];

/** The name that the connectors sign in by: Salesforce's consumer key, and the record store's user name. */
export const CLIENT_ID = 'mindtickle';

const MANAGER = 'mona.lindqvist@example.com';

function seller(name: string, role: string, groups: readonly GroupName[]): Person {
  const [first = ''] = name.toLowerCase().split(' ');
  return {
    userId: `mt-${first}`,
    email: `${name.toLowerCase().replace(' ', '.')}@example.com`,
    name,
    teamId: 'team-sales-emea',
    role,
    managerEmail: MANAGER,
    groups,
  };
}

/** Everyone. The names are invented; example.com is reserved for such (RFC 2606). */
export const people = {
  rita: seller('Rita Alvarez', 'Account Executive', ['Certified']),
  omar: seller('Omar Haddad', 'Account Executive', ['Sales', 'Certified']),
  nina: seller('Nina Kowalska', 'Account Executive', []),
  quentin: seller('Quentin Mbeki', 'Account Executive', ['Sales']),
  carla: seller('Carla Rossi', 'Solutions Engineer', ['Sales']),
  pavel: seller('Pavel Novak', 'Sales Development Representative', ['Sales']),
  mona: {
    userId: 'mt-mona',
    email: MANAGER,
    name: 'Mona Lindqvist',
    teamId: 'team-sales-emea',
    role: 'Sales Manager',
    managerEmail: null,
    groups: ['Sales'],
  },
} as const satisfies Readonly<Record<string, Person>>;
