using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Handlers.Groups;
using RocketOps.Broker.Handlers.Offsets;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.StaticTopics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Offsets of consumers and of delay levels, the files they are kept in, and questions about the offsets of queues.</summary>
internal sealed class OffsetModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly StaticTopicModule _statics;
    private readonly GroupModule _groups;
    private readonly ClientModule _clients;

    public OffsetModule(HostServices host, TopicModule topics, StaticTopicModule statics, GroupModule groups, ClientModule clients, ConsumerFilterTable? filters)
    {
        _host = host;
        _topics = topics;
        _statics = statics;
        _groups = groups;
        _clients = clients;
        Consumers = new ConsumerOffsetTable(host.Settings, host.Options<OffsetOptions>(), host.Refused, host.Files, host.Time);
        Delays = new DelayOffsetTable(
            host.Settings, () => host.Store.Positions.Kept, end => host.Store.Writer.WhenAsync(LogPosition.Durable, end), host.Files, host.Time);
        Consumers.Deletions = () => topics.Topics.History.Deletions;
        Consumers.Log = () => host.Store.LogRecords is { } records
            ? new OffsetLog(host.Store.Positions.Appended.Value, records.Marks) : null;
        Recovery = new OffsetRecovery(
            new ForeignOffsets(host.Store, Consumers, host.LoggerOf<ForeignOffsets>()),
            new DeletedOffsets(host.Store, topics.Topics, Consumers, host.LoggerOf<DeletedOffsets>()),
            new OffsetsPastEnds(host.Store, topics.Topics, Consumers, host.LoggerOf<OffsetsPastEnds>()),
            new LostOffsets(host.Store, topics.Topics, groups.Groups, Consumers, host.LoggerOf<LostOffsets>()));
        Removals = new UnreadRemovals(Consumers, host.LoggerOf<UnreadRemovals>());
        Persister = new OffsetPersister(host.Options<OffsetOptions>(), Consumers, Delays, host.Time, host.LoggerOf<OffsetPersister>(), filters);
    }

    public ConsumerOffsetTable Consumers { get; }

    public DelayOffsetTable Delays { get; }

    public OffsetRecovery Recovery { get; }

    public OffsetPersister Persister { get; }

    /// <summary>Removals by retention of messages that groups had not read.</summary>
    public UnreadRemovals Removals { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        LogicOffsetHandler begins = _statics.OfQueue(new MinOffsetHandler(_topics.Topics, _host.Store));
        LogicOffsetHandler times = _statics.OfQueue(new SearchOffsetHandler(_topics.Topics, _host.Store));
        LogicOffsetHandler committed = _statics.OfQueue(
            new QueryConsumerOffsetHandler(Consumers, _topics.Topics, _host.Store, _host.Options<PullOptions>(), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        CommitForwarder forwarder = new(_topics.Topics, Consumers, _statics.Peers);
        LogicOffsets offsets = new(begins, _statics.Ends, times, committed);
        registry
            .Add(RequestCode.QueryConsumerOffset, routing.OfMaster(committed, asksOnly: true))
            .Add(RequestCode.UpdateConsumerOffset, routing.OfMaster(new UpdateConsumerOffsetHandler(Consumers, _topics.Topics, _groups.Groups, forwarder)))
            .Add(RequestCode.SearchOffsetByTimestamp, times)
            .Add(RequestCode.GetMinOffset, begins)
            .Add(RequestCode.GetEarliestMessageStoreTime, _statics.OfQueue(new EarliestStoreTimeHandler(_topics.Topics, _host.Store)))
            .Add(RequestCode.GetAllConsumerOffset, routing.ToFollowers(new AllConsumerOffsetsHandler(Consumers)))
            .Add(RequestCode.GetAllDelayOffset, routing.ToFollowers(new AllDelayOffsetsHandler(Delays)))
            .Add(
                RequestCode.InvokeBrokerToResetOffset,
                new ResetOffsetHandler(
                    _host.Settings,
                    _host.Options<OffsetOptions>(),
                    _host.Role,
                    _topics.Topics,
                    _groups.Groups,
                    _clients.Consumers,
                    Consumers,
                    _host.Store,
                    offsets))
            .Add(RequestCode.CloneGroupOffset, new CloneOffsetsHandler(_host.Role, _topics.Topics, _groups.Groups, _clients.Consumers, Consumers))
            .Add(RequestCode.QueryCorrectionOffset, new CorrectionOffsetHandler(_topics.Topics, Consumers, _host.Store))
            .Add(RequestCode.QueryTopicsByConsumer, new GroupTopicsHandler(Consumers, _host.Address))
            .Add(RequestCode.QueryTopicConsumeByWho, new TopicConsumersHandler(_clients.Consumers, Consumers))
            .Add(RequestCode.QueryConsumeTimeSpan, new ConsumeTimeSpanHandler(_host.Settings, _topics.Topics, Consumers, _host.Store, _host.Time))
            .Add(RequestCode.DeleteSubscriptionGroup, new DeleteGroupHandler(_host.Role, _groups.Groups, Consumers));
    }
}
