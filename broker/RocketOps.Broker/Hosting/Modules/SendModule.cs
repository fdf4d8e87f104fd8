using RocketOps.Broker.Handlers.Sending;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Sending;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Sends: the pipeline from a request to the log, and the requests that bring messages.</summary>
internal sealed class SendModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly GroupModule _groups;
    private readonly ClientModule _clients;
    private readonly StatisticsModule _statistics;
    private readonly ReplicationModule _replication;
    private readonly MessageModule _messages;
    private readonly DelayModule _delays;
    private readonly SendPipeline _pipeline;

    public SendModule(
        HostServices host,
        TopicModule topics,
        GroupModule groups,
        ClientModule clients,
        StatisticsModule statistics,
        ReplicationModule replication,
        MessageModule messages,
        DelayModule delays,
        TimerModule timers,
        TransactionModule transactions)
    {
        _host = host;
        _topics = topics;
        _groups = groups;
        _clients = clients;
        _statistics = statistics;
        _replication = replication;
        _messages = messages;
        _delays = delays;
        RetryRouter retries = new(host.Settings, topics.Topics, groups.Groups, clients.Locks);
        _pipeline = new SendPipeline(
            new SendPipelineOptions(host.Settings, host.Options<SendOptions>()),
            host.Role,
            topics.Topics,
            host.Store,
            host.Address,
            new BrokerProperties(host.Settings, host.Options<SendOptions>()),
            replication.Gate,
            messages.Statistics,
            host.Time,
            [retries, transactions.Router, timers.Router, delays.Router]);
    }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        SendReplyWriter sendReplies = new(_host.Settings, _host.Options<SendOptions>(), _host.Address, _messages.Refusals);
        DetachedSendHandler slow = new(
            _topics.Topics, _pipeline, sendReplies, _messages.Refusals, _messages.Appender, _host.Store, routing.Forwarder, _clients.Askers, _host.Time);
        SendMessageHandler send = new(_pipeline, sendReplies, slow, _host.Store, _messages.Statistics, _replication.Gate, _clients.Askers);
        ReplyPusher pusher = new(_clients.Producers, _clients.Askers, _host.Address, _host.Time, _host.LoggerOf<ReplyPusher>());
        ReplyMessageHandler replies = new(
            _host.Options<SendOptions>(),
            _topics.Topics,
            _pipeline,
            _messages.Refusals,
            pusher,
            _messages.Appender,
            _host.Address,
            routing.Forwarder,
            _host.LoggerOf<ReplyMessageHandler>());
        SendBackHandler back = new(
            _host.Settings,
            _host.Role,
            _topics.Topics,
            _groups.Maker,
            _host.Store,
            _messages.Appender,
            _host.Address,
            _delays.Router,
            _messages.Refusals,
            _statistics.Statistics);
        registry
            .Add(RequestCode.SendMessage, send)
            .Add(RequestCode.SendMessageV2, send)
            .Add(RequestCode.SendBatchMessage, send)
            .Add(RequestCode.SendReplyMessage, replies)
            .Add(RequestCode.SendReplyMessageV2, replies)
            .Add(RequestCode.ConsumerSendMessageBack, routing.OfMaster(back));
    }
}
