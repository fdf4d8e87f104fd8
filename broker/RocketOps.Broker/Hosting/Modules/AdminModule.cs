using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Admin;
using RocketOps.Broker.Handlers.Replication;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Administration: the configuration in force and the runtime information.</summary>
internal sealed class AdminModule : IBrokerModule
{
    private readonly Func<int> _replicationPort;
    private readonly HostServices _host;
    private readonly TopicTable _topics;
    private readonly SettingsFile _settingsFile;

    public AdminModule(
        HostServices host,
        TopicModule topics,
        OffsetModule offsets,
        StatisticsModule statistics,
        MessageModule messages,
        TimerModule timers,
        ReplicationModule replication,
        MembershipModule? membership,
        string? configFile)
    {
        _host = host;
        _replicationPort = () => replication.Listener.Port;
        _topics = topics.Topics;
        _settingsFile = new SettingsFile(configFile, host.Files, host.LoggerOf<SettingsFile>());
        Figures = new RuntimeFigures(
            new RuntimeFigureOptions(host.Settings, host.Options<SendOptions>(), host.Options<DelayOptions>()),
            host.Role,
            host.Store,
            messages.Statistics,
            statistics.Pulls,
            offsets.Delays,
            timers.Timers,
            new StandingRefusals(host.Settings, host.Options<ReplicationOptions>(), host.Role, host.Store, replication.Gate, membership?.Standing),
            new ReplicationFigures(
                host.Settings, host.Role, replication.Master, replication.Following, replication.Origin, membership?.Standing),
            host.Time);
    }

    public RuntimeFigures Figures { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) => registry
        .Add(RequestCode.UpdateBrokerConfig, new UpdateConfigHandler(_host.Settings, _topics, _settingsFile))
        .Add(RequestCode.GetBrokerConfig, new GetConfigHandler(_host.Settings, _host.Role, _host.Address, _replicationPort))
        .Add(RequestCode.GetBrokerRuntimeInfo, routing.ToFollowers(new RuntimeInfoHandler(Figures)));
}
