using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Handlers.Replication;
using RocketOps.Broker.Health;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>List of the broker's modules, each made of those above it. By hand: a container would cost a tenth of a second of the start.</summary>
internal sealed class BrokerModules
{
    private readonly IReadOnlyList<IBrokerModule> _serving;

    /// <param name="host">What is there before.</param>
    /// <param name="filters">Filters of consumers, where bit maps are written; else null.</param>
    /// <param name="configFile">File of the configuration; null when there is none.</param>
    public BrokerModules(HostServices host, ConsumerFilterTable? filters, string? configFile)
    {
        Host = host;
        Filters = filters;
        Membership = MembershipModule.Create(host);
        Topics = new TopicModule(host);
        Statics = new StaticTopicModule(host, Topics);
        Groups = new GroupModule(host);
        Clients = new ClientModule(host, Topics, Groups, filters, Membership);
        Assignments = new AssignmentModule(host, Topics, Groups, Clients);
        Offsets = new OffsetModule(host, Topics, Statics, Groups, Clients, filters);
        Statistics = new StatisticsModule(host, Topics, Groups, Clients, Offsets);
        Replication = new ReplicationModule(host, Membership);
        Pulls = new PullModule(host, Topics, Statics, Groups, Clients, Offsets, Statistics, Replication, filters);
        Routing = new MasterRouting(host, Clients, Pulls, Membership);
        Messages = new MessageModule(host, Topics, Replication);
        Delays = new DelayModule(host, Offsets, Messages);
        Timers = new TimerModule(host, Topics, Messages);
        Transactions = new TransactionModule(host, Topics, Clients, Offsets, Messages, Delays, Timers);
        SendModule sends = new(host, Topics, Groups, Clients, Statistics, Replication, Messages, Delays, Timers, Transactions);
        StoreModule store = new(host, Topics, Statics, Clients, Offsets, Pulls, Delays, Timers, Transactions);
        Roles = new RoleModule(
            host,
            Offsets,
            Timers,
            Transactions,
            Pulls,
            Replication,
            new MasterSessions(host, Topics, Statics, Replication, Delays, Timers, Transactions, store),
            new SlaveSessions(host, Replication, CopiedTables()));
        Failover = new FailoverModule(host, Topics, Offsets, Clients, Replication, Roles, Routing, Membership);
        Admin = new AdminModule(host, Topics, Offsets, Statistics, Messages, Timers, Replication, Membership, configFile);
        _serving =
        [
            Topics, Statics, Groups, Clients, Assignments, Offsets, Statistics, Pulls, Timers, Transactions, sends, store, Roles, Failover, Admin,
        ];
    }

    public HostServices Host { get; }

    /// <summary>Null unless bit maps are written.</summary>
    public ConsumerFilterTable? Filters { get; }

    /// <summary>Null where people say who the master is.</summary>
    public MembershipModule? Membership { get; }

    public TopicModule Topics { get; }

    public StaticTopicModule Statics { get; }

    public GroupModule Groups { get; }

    public ClientModule Clients { get; }

    public AssignmentModule Assignments { get; }

    public OffsetModule Offsets { get; }

    public StatisticsModule Statistics { get; }

    public ReplicationModule Replication { get; }

    public PullModule Pulls { get; }

    public MasterRouting Routing { get; }

    public MessageModule Messages { get; }

    public DelayModule Delays { get; }

    public TimerModule Timers { get; }

    public TransactionModule Transactions { get; }

    public RoleModule Roles { get; }

    public FailoverModule Failover { get; }

    public AdminModule Admin { get; }

    /// <summary>Reads the tables, once no other broker can write them any more.</summary>
    public async Task LoadAsync()
    {
        Replication.Origin.Load(leads: Host.Role.IsMaster);
        Statics.Mappings.Load();
        StartWrite start = new(Host.LoggerOf<StartWrite>());
        await Topics.Topics.LoadAsync(start);
        await Groups.Groups.LoadAsync(start);
        Assignments.Modes.Load();
        Offsets.Consumers.Load();
        Offsets.Delays.Load();
    }

    /// <summary>Request codes that this broker serves. Every other code is answered as unsupported.</summary>
    public RequestHandlerRegistry Codes()
    {
        RequestHandlerRegistry registry = new() { RefusalOf = RefusalOf };
        if (Replication.Origin.Refusal is not null)
        {
            registry.Gate = new UnprovenReads(Replication.Origin);
        }

        foreach (IBrokerModule module in _serving)
        {
            module.AddCodes(registry, Routing);
        }

        return registry;
    }

    public MetricsPage NewMetricsPage() => new(
        Host.Settings,
        [
            new TableMetrics(
                Host.Settings, Topics.Topics, Groups.Groups, Offsets.Consumers, Offsets.Persister, Clients.Consumers, Clients.Registrations, Host.Refused),
            new StoreMetrics(Host.Store, Offsets.Removals),
            new PullMetrics(Statistics.Pulls, Pulls.Parked),
            new ProcessMetrics(),
            new WaitingMetrics(Roles.Roles, Timers.Timers, Transactions.State.Figures, Messages.Undeliverable),
            new ReplicationMetrics(Roles.Roles, Host.Role, Host.Store, Replication.Slaves, Membership?.Standing),
        ]);

    private CopiedTables CopiedTables() => new(
        Topics.Topics,
        Statics.Mappings,
        Groups.Groups,
        Assignments.Modes,
        Offsets.Consumers,
        Offsets.Delays,
        Transactions.State.Progress,
        Timers.Timers,
        Clients.Awaited);

    /// <summary>A disk that cannot keep up is no failure of the request, and not worth a stack in the log for each: the caller may ask again, or another broker.</summary>
    private static RemotingCommandException? RefusalOf(Exception error) =>
        error is ColdReadRefusedException ? new RemotingCommandException(ResponseCode.SystemBusy, $"reading from disk failed: {error.Message}") : null;
}
