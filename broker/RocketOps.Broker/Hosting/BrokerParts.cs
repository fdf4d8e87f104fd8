using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Delay;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Admin;
using RocketOps.Broker.Handlers.Assignments;
using RocketOps.Broker.Handlers.Clients;
using RocketOps.Broker.Handlers.Replication;
using RocketOps.Broker.Handlers.Sending;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Pending;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Sending;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;
using RocketOps.Hosting.Hosts;
using RocketOps.Remoting.Client;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Hosting;

/// <summary>The broker's parts, wired by hand: a container would cost a tenth of a second of the start. Built on a store that may still be starting.</summary>
internal sealed class BrokerParts
{
    public BrokerParts(
        BrokerSettings settings,
        MessageStore store,
        ConsumerFilterTable? filters,
        BrokerAddress address,
        IStoreFileSystem fileSystem,
        HostResolver resolver,
        string? configFile,
        ILoggerFactory loggers,
        TimeProvider time)
    {
        Filters = filters;
        Settings = settings;
        Store = store;
        Address = address;
        Time = time;
        SettingsFile = new SettingsFile(configFile, fileSystem, loggers.CreateLogger<SettingsFile>());
        Role = new CurrentRole(
            settings.Current.Group is { } elected ? new RoleTerm(IsMaster: false, elected.SlaveId, Epoch: 0) : new RoleTerm(settings.Current.Role != BrokerRole.Slave, settings.Current.BrokerId, Epoch: 0));
        RefusedEntries = new RefusedEntries(time, loggers.CreateLogger<RefusedEntries>());
        Topics = new TopicTable(settings, store, RefusedEntries, fileSystem, time);
        Mappings = new TopicQueueMappingTable(settings, Topics, fileSystem, time);
        Groups = new GroupTable(settings, fileSystem, time);
        GroupMaker = new GroupMaker(settings, Groups, RefusedEntries, loggers.CreateLogger<GroupMaker>());
        RequestModes = new RequestModeTable(settings, fileSystem);
        ConsumerOffsets = new ConsumerOffsetTable(settings, RefusedEntries, fileSystem, time);
        Consumers = new ConsumerTable(settings, Groups, time, loggers.CreateLogger<ConsumerTable>(), filters);
        ConsumerStatus = new ConsumerStatusHandler(Consumers, loggers.CreateLogger<ConsumerStatusHandler>());
        Producers = new ProducerTable();
        Askers = new AskerTable(time);
        Registrations = new Registrations(settings);
        Locks = new QueueLocks(time);
        Clients = new ClientRegistry(settings, Consumers, Producers, Registrations, Locks, time, loggers.CreateLogger<ClientRegistry>());
        AppendStatistics = new AppendStatistics(time);
        Slaves = new SlaveTable(settings, store, loggers.CreateLogger<SlaveTable>());
        Replicas = new ReplicaGate(settings, Slaves);
        Appender = new MessageAppender(store, AppendStatistics, Replicas, time);
        DelayOffsets = new DelayOffsetTable(settings, () => store.Positions.Kept, end => store.Writer.WhenAsync(LogPosition.Durable, end), fileSystem, time);
        BrokerProperties = new BrokerProperties(settings);
        Delays = new DelayRouter(settings, store);
        TransactionTopics = new TransactionTopics(store);
        Halves = new HalfMessageTable();
        TruePlaces = new TruePlaces(Topics);
        Undeliverable = new UndeliverableMessages(Topics, store, time, loggers.CreateLogger<UndeliverableMessages>());
        WaitingMessages waiting = new(Appender, address, TruePlaces, Undeliverable);
        TimerTopic timerTopic = new(store);
        Timers = new TimerTable(settings, store, timerTopic, fileSystem, time, loggers.CreateLogger<TimerTable>());
        TimerMetrics = new TimerMetrics(settings, Topics, Timers, fileSystem, time, loggers.CreateLogger<TimerMetrics>());
        TimerRouter = new TimerRouter(settings, timerTopic, Timers, time);
        WaitingQueues = new WaitingQueues(settings, Topics, ConsumerOffsets, DelayOffsets, Delays, Timers, TimerRouter, TransactionTopics, Halves);
        CheckProgress = new CheckProgress(ConsumerOffsets, store, TransactionTopics, Halves);
        TransactionMetrics transactionMetrics = new(settings, store, TransactionTopics, Halves, CheckProgress, fileSystem, time, loggers.CreateLogger<TransactionMetrics>());
        SendRefusals = new SendRefusals(settings, address, store);
        SendPipeline = new SendPipeline(
            settings, Role, Topics, store, address, BrokerProperties, Replicas, AppendStatistics, time,
            [new RetryRouter(settings, Topics, Groups, Locks), new TransactionRouter(settings, TransactionTopics), TimerRouter, Delays]);
        PullCounters = new PullCounters(time);
        Statistics = new BrokerStatistics(settings, Topics, Groups, store, PullCounters, time, loggers.CreateLogger<BrokerStatistics>());
        PullExecutor = new PullExecutor(settings, Role, store, PullCounters, new RefusedReads(time, loggers.CreateLogger<RefusedReads>()), loggers.CreateLogger<PullExecutor>());
        ParkedPulls = new ParkedPulls(PullExecutor, settings, store, time, loggers.CreateLogger<ParkedPulls>());
        HaListener = new HaListener(settings, store, Slaves, time, loggers.CreateLogger<HaListener>());
        Master = new MasterAddresses(settings.Current.HaMasterAddress, isElected: settings.Current.Group is not null);
        Following = new Following(settings, time);
        MasterClient = new RemotingClient(new RemotingClientOptions(), loggers, resolver.ResolveAsync, time: time);
        Peers = new BrokerPeers(settings, MasterClient);
        ReadableQueues = new ReadableQueues(settings, MasterClient, time);
        Roles = new RoleManager(Role, store, DelayOffsets, CheckProgress, Timers, ParkedPulls, NewSession, NewSlaveSession, loggers.CreateLogger<RoleManager>());
        Group = settings.Current.Group is null ? null : new ElectedGroup(
            settings, store, Roles, new Takeover(store, Topics, loggers.CreateLogger<Takeover>()), Master, HaListener, fileSystem, resolver, loggers, time);
        AwaitedConsumers = Group is null ? null : new AwaitedConsumers(settings, () => Group.Sender, time);
        Replicas.Group = Group;
        Misled = new MisledClients(address, ParkedPulls, Askers, time);
        Forwarder = Group is null ? null : new MasterForwarder(settings, Group, MasterClient, Misled, time);
        Replies = new ReplyMessageHandler(
            settings, Topics, SendPipeline, SendRefusals, new ReplyPusher(Producers, Askers, address, time, loggers.CreateLogger<ReplyPusher>()), Appender, address, Forwarder, loggers.CreateLogger<ReplyMessageHandler>());
        if (Group is not null)
        {
            Group.Deposed = () => Misled.LetGo(Producers.Groups.Where(static group => group != ProducerTable.InnerGroup).SelectMany(Producers.ChannelsOf), Consumers.All.SelectMany(static group => group.Channels).Concat(Producers.ChannelsOf(ProducerTable.InnerGroup)));
        }

        Figures = new RuntimeFigures(
            settings, Role, store, AppendStatistics, PullCounters, DelayOffsets, Timers, timerTopic,
            new StandingRefusals(settings, Role, store, Replicas, Group), new ReplicationFigures(settings, Role, Master, Following, Group), time);
        OffsetPersister = new OffsetPersister(settings, ConsumerOffsets, DelayOffsets, time, loggers.CreateLogger<OffsetPersister>(), filters);

        RoleSession NewSession()
        {
            Following.OnLeads();
            return NewMasterSession();
        }

        RoleSession NewMasterSession() => new(
            new ScheduleService(settings, store, Appender, waiting, DelayOffsets, time, loggers.CreateLogger<ScheduleService>()),
            new TransactionCheckService(
                settings,
                store,
                Appender,
                address,
                Topics,
                TransactionTopics,
                Halves,
                CheckProgress,
                new CheckSender(settings, Producers, address),
                transactionMetrics,
                TransactionFigures,
                time,
                loggers.CreateLogger<TransactionCheckService>()),
            HaListener,
            new TimerService(settings, store, Appender, waiting, timerTopic, Timers, TimerMetrics, time, loggers.CreateLogger<TimerService>()),
            new ExpiredStretches(Mappings, Topics, store, Peers, WaitingQueues, time, loggers.CreateLogger<ExpiredStretches>()));

        SlaveSession NewSlaveSession(IGroupJoin? join) => new(
            new LogFollower(settings, store, Master, new MasterCheck(settings, store, MasterClient, loggers.CreateLogger<MasterCheck>()), resolver, Following, time, loggers.CreateLogger<LogFollower>()) { Join = join },
            new SlaveSync(Master, MasterClient, Topics, Mappings, Groups, RequestModes, ConsumerOffsets, CheckProgress, DelayOffsets, Timers, store, TableInterval(settings.Current), time, loggers.CreateLogger<SlaveSync>()) { Consumers = AwaitedConsumers });
    }

    /// <summary>Whoever may be elected at any moment asks more often: what was not asked for is lost with the master.</summary>
    private static TimeSpan TableInterval(BrokerOptions options)
    {
        TimeSpan longest = options.Group is null ? TimeSpan.MaxValue : TimeSpan.FromSeconds(1);
        return options.SlaveSyncInterval < longest ? options.SlaveSyncInterval : longest;
    }

    public BrokerSettings Settings { get; }

    public MessageStore Store { get; }

    /// <summary>Null unless bit maps are written.</summary>
    public ConsumerFilterTable? Filters { get; }

    public CurrentRole Role { get; }

    public BrokerAddress Address { get; }

    public TimeProvider Time { get; }

    public SettingsFile SettingsFile { get; }

    public TopicTable Topics { get; }

    /// <summary>Of static topics.</summary>
    public TopicQueueMappingTable Mappings { get; }

    public GroupTable Groups { get; }

    public RefusedEntries RefusedEntries { get; }

    public Registrations Registrations { get; }

    /// <summary>Makes groups that clients name.</summary>
    public GroupMaker GroupMaker { get; }

    public RequestModeTable RequestModes { get; }

    public ConsumerOffsetTable ConsumerOffsets { get; }

    public DelayOffsetTable DelayOffsets { get; }

    public ConsumerTable Consumers { get; }

    public ConsumerStatusHandler ConsumerStatus { get; }

    public ProducerTable Producers { get; }

    public AskerTable Askers { get; }

    public ClientRegistry Clients { get; }

    public QueueLocks Locks { get; }

    public AppendStatistics AppendStatistics { get; }

    public MessageAppender Appender { get; }

    public BrokerProperties BrokerProperties { get; }

    public DelayRouter Delays { get; }

    public TransactionTopics TransactionTopics { get; }

    public TimerTable Timers { get; }

    public TimerMetrics TimerMetrics { get; }

    public TimerRouter TimerRouter { get; }

    public HalfMessageTable Halves { get; }

    public CheckProgress CheckProgress { get; }

    public TransactionFigures TransactionFigures { get; } = new();

    /// <summary>Where messages of other topics wait.</summary>
    public WaitingQueues WaitingQueues { get; }

    /// <summary>Where messages belong that have waited.</summary>
    public TruePlaces TruePlaces { get; }

    /// <summary>Those of them that cannot be delivered.</summary>
    public UndeliverableMessages Undeliverable { get; }

    public SendRefusals SendRefusals { get; }

    public SendPipeline SendPipeline { get; }

    public PullCounters PullCounters { get; }

    public ReplyMessageHandler Replies { get; }

    public BrokerStatistics Statistics { get; }

    public PullExecutor PullExecutor { get; }

    public ParkedPulls ParkedPulls { get; }

    public RoleManager Roles { get; }

    /// <summary>Of a member of a group that elects its master; null where people say who it is.</summary>
    public ElectedGroup? Group { get; }

    /// <summary>Passes on what comes to a member of such a group that does not lead; null elsewhere.</summary>
    public MasterForwarder? Forwarder { get; }

    /// <summary>Clients that ask the wrong member of such a group.</summary>
    public MisledClients Misled { get; }

    /// <summary>Null where nobody is elected.</summary>
    public AwaitedConsumers? AwaitedConsumers { get; }

    /// <summary>The slaves that are connected while this broker is the master.</summary>
    public SlaveTable Slaves { get; }

    /// <summary>What messages of a SYNC_MASTER wait for.</summary>
    public ReplicaGate Replicas { get; }

    public HaListener HaListener { get; }

    /// <summary>Of the master, while this broker is a slave.</summary>
    public MasterAddresses Master { get; }

    /// <summary>Whether the master's log comes, while this broker is a slave.</summary>
    public Following Following { get; }

    /// <summary>Other brokers, which have stretches of logical queues.</summary>
    public BrokerPeers Peers { get; }

    /// <summary>What groups share that leave it to brokers who reads what.</summary>
    public ReadableQueues ReadableQueues { get; }

    /// <summary>To ask the master, other brokers and name servers.</summary>
    public RemotingClient MasterClient { get; }

    public RuntimeFigures Figures { get; }

    public OffsetPersister OffsetPersister { get; }
}
