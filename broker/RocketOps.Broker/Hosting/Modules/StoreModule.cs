using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Admin;
using RocketOps.Broker.Handlers.Queries;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Pending;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Requests about what the store holds: messages that are looked for or wait, and what is thrown away.</summary>
internal sealed class StoreModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly StaticTopicModule _statics;
    private readonly ClientModule _clients;
    private readonly OffsetModule _offsets;
    private readonly PullModule _pulls;

    public StoreModule(
        HostServices host,
        TopicModule topics,
        StaticTopicModule statics,
        ClientModule clients,
        OffsetModule offsets,
        PullModule pulls,
        DelayModule delays,
        TimerModule timers,
        TransactionModule transactions)
    {
        _host = host;
        _topics = topics;
        _statics = statics;
        _clients = clients;
        _offsets = offsets;
        _pulls = pulls;
        Waiting = new BacklogQueues(
            host.Options<DelayOptions>(),
            host.Options<TimerOptions>(),
            topics.Topics,
            offsets.Consumers,
            offsets.Delays,
            delays.Router,
            timers.Timers,
            timers.Router,
            transactions.State);
    }

    /// <summary>Queues in which messages of other topics wait.</summary>
    public BacklogQueues Waiting { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        DeleteTopicHandler delete = new(
            _host.Settings, _host.Options<TopicTableOptions>(), _host.Role, _topics.Topics, _statics.Mappings, _offsets.Consumers, _pulls.Parked);
        registry
            .Add(RequestCode.QueryMessage, new QueryMessageHandler(_host.Options<QueryOptions>(), _topics.Topics, _host.Store))
            .Add(RequestCode.ViewMessageById, new ViewMessageHandler(_host.Store))
            .Add(RequestCode.QueryConsumeQueue, new QueryConsumeQueueHandler(_topics.Topics, _host.Store, _clients.Consumers))
            .Add(RequestCode.GetPendingMessages, new PendingMessagesHandler(_host.Role, _topics.Topics, _host.Store, Waiting, _host.Time))
            .Add(RequestCode.DeleteTopicInBroker, delete)
            .Add(RequestCode.CleanExpiredConsumeQueue, new CleanExpiredQueuesHandler(_host.Store))
            .Add(RequestCode.DeleteExpiredCommitLog, new DeleteExpiredLogHandler(_host.Store));
    }
}
