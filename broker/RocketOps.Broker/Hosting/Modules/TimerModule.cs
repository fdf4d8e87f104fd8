using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Timers;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Timers;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Messages that wait for a time.</summary>
internal sealed class TimerModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly TopicModule _topics;
    private readonly MessageModule _messages;
    private readonly TimerMetrics _metrics;

    public TimerModule(HostServices host, TopicModule topics, MessageModule messages)
    {
        _host = host;
        _topics = topics;
        _messages = messages;
        Timers = new TimerTable(host.Settings, host.Options<TimerOptions>(), host.Store, new TimerTopic(host.Store), host.Files, host.Time, host.LoggerOf<TimerTable>());
        _metrics = new TimerMetrics(host.Settings, topics.Topics, Timers, host.Files, host.Time, host.LoggerOf<TimerMetrics>());
        Router = new TimerRouter(host.Options<TimerOptions>(), Timers, host.Time);
    }

    public TimerTable Timers { get; }

    /// <summary>Way of a message to its slot.</summary>
    public TimerRouter Router { get; }

    /// <summary>Delivery, for as long as this broker is the master.</summary>
    public TimerService NewService() =>
        new(_host.Options<TimerOptions>(), _host.Store, _messages.Appender, _messages.Waiting, Timers, _metrics, _host.Time, _host.LoggerOf<TimerService>());

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        RecallMessageHandler recall = new(
            _host.Settings,
            _host.Options<TimerOptions>(),
            _host.Options<SendOptions>(),
            _host.Role,
            _topics.Topics,
            Router,
            Timers,
            _messages.Appender,
            _host.Address,
            _host.Time);
        registry
            .Add(RequestCode.RecallMessage, routing.OfMaster(recall))
            .Add(RequestCode.GetTimerCheckPoint, routing.ToFollowers(new TimerCheckPointHandler(Timers)))
            .Add(RequestCode.GetTimerMetrics, new TimerMetricsHandler(_host.Role, _metrics));
    }
}
