using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;

namespace RocketOps.NameServer.Configuration;

/// <summary>Every key a name server's configuration may hold: RocketMQ's names and defaults (admin.md §5.9), then ours.</summary>
public static class NameServerProperties
{
    public static readonly PropertyDefinition<int> ListenPort =
        PropertyDefinition.Int32("listenPort", 9876, 0, 65535, description: "Remoting port; 0 takes a free one.");

    public static readonly PropertyDefinition<string> BindAddress =
        PropertyDefinition.Text("bindAddress", "::", HostSyntax.Bind, HostSyntax.FindBindProblem, description: "Address the ports are opened on. `::` is all addresses of the machine, IPv4 and IPv6; `0.0.0.0` those of IPv4 alone, which is RocketMQ's default.");

    public static readonly PropertyDefinition<string> KvConfigPath =
        PropertyDefinition.Text("kvConfigPath", DefaultPath("kvConfig.json"), description: "File of the key-value entries (requests 100, 102).");

    public static readonly PropertyDefinition<string> ConfigStorePath =
        PropertyDefinition.Text("configStorePath", DefaultPath("namesrv.properties"), description: "File that configuration updates (request 318) are written to; the file given by -c when there is one.");

    public static readonly PropertyDefinition<string> ConfigBlackList =
        PropertyDefinition.Text("configBlackList", "configBlackList;configStorePath;kvConfigPath", description: "Keys that request 318 must not change, separated by semicolons.");

    public static readonly PropertyDefinition<bool> OrderMessageEnable =
        PropertyDefinition.Boolean("orderMessageEnable", false, live: true, description: "Add the order configuration of a topic to its route.");

    public static readonly PropertyDefinition<bool> ReturnOrderTopicConfigToBroker =
        PropertyDefinition.Boolean("returnOrderTopicConfigToBroker", true, live: true, description: "Answer registrations with the order configurations.");

    public static readonly PropertyDefinition<bool> EnableAllTopicList =
        PropertyDefinition.Boolean("enableAllTopicList", true, live: true, description: "Serve the list of all topics (request 206).");

    public static readonly PropertyDefinition<bool> EnableTopicList =
        PropertyDefinition.Boolean("enableTopicList", true, live: true, description: "Serve the other topic lists (requests 224, 311, 312, 313).");

    public static readonly PropertyDefinition<bool> NeedWaitForService =
        PropertyDefinition.Boolean("needWaitForService", false, live: true, description: "Refuse routes after start until brokers had time to register.");

    public static readonly PropertyDefinition<int> WaitSecondsForService =
        PropertyDefinition.Int32("waitSecondsForService", 45, 0, 86_400, live: true, description: "Seconds after start that needWaitForService, and peers, wait at most.");

    public static readonly PropertyDefinition<bool> DeleteTopicWithBrokerRegistration =
        PropertyDefinition.Boolean("deleteTopicWithBrokerRegistration", false, live: true, description: "A registration removes the broker's queues of topics it does not name.");

    public static readonly PropertyDefinition<bool> SupportActingMaster =
        PropertyDefinition.Boolean("supportActingMaster", false, live: true, description: "Routes show the lowest slave of a group without a master as its master, where its brokers ask for that (enableSlaveActingMaster of RocketMQ 5.x).");

    public static readonly PropertyDefinition<bool> NotifyMinBrokerIdChanged =
        PropertyDefinition.Boolean("notifyMinBrokerIdChanged", false, live: true, description: "Members of a broker group are told when its lowest id has changed (request 905).");

    public static readonly PropertyDefinition<long> ScanNotActiveBrokerInterval =
        PropertyDefinition.Int64("scanNotActiveBrokerInterval", 5000, 100, 3_600_000, description: "Milliseconds between looks for brokers that fell silent.");

    public static readonly PropertyDefinition<int> ServerChannelMaxIdleTimeSeconds =
        PropertyDefinition.Int32("serverChannelMaxIdleTimeSeconds", 120, 1, 86_400, description: "Connections without traffic for this long are closed.");

    /// <summary>Not RocketMQ's: 20 000 broker processes are ten times the largest cluster known to the reference and a few megabytes.</summary>
    public static readonly PropertyDefinition<int> MaxBrokerCount =
        PropertyDefinition.Int32("maxBrokerCount", 20_000, 1, 1_000_000, description: "Broker processes that may be registered; more are refused.");

    /// <summary>Not RocketMQ's: bounds the memory that registrations can take.</summary>
    public static readonly PropertyDefinition<int> MaxTopicCount =
        PropertyDefinition.Int32("maxTopicCount", 500_000, 1, 10_000_000, description: "Topics that may be known; registrations with more are refused.");

    /// <summary>Not RocketMQ's.</summary>
    public static readonly PropertyDefinition<string> Peers = PropertyDefinition.Text(
        "peers", string.Empty, HostSyntax.List, HostSyntax.FindListProblem, description: "Name servers of the same cluster, host:port separated by semicolons: /readyz waits until the brokers they know are known here, up to waitSecondsForService. Nothing else is asked of them.");

    /// <summary>Not RocketMQ's.</summary>
    public static readonly PropertyDefinition<int> HttpPort =
        PropertyDefinition.Int32("httpPort", -1, -1, 65535, description: "HTTP port for /livez, /readyz and /startupz; -1 for none, 0 takes a free one.");

    /// <summary>Not RocketMQ's.</summary>
    public static readonly PropertyDefinition<Microsoft.Extensions.Logging.LogLevel> LogLevel = PropertyDefinition.Choice(
        "logLevel",
        Microsoft.Extensions.Logging.LogLevel.Information,
        new Dictionary<string, Microsoft.Extensions.Logging.LogLevel>(StringComparer.Ordinal)
        {
            ["debug"] = Microsoft.Extensions.Logging.LogLevel.Debug,
            ["info"] = Microsoft.Extensions.Logging.LogLevel.Information,
            ["warn"] = Microsoft.Extensions.Logging.LogLevel.Warning,
            ["error"] = Microsoft.Extensions.Logging.LogLevel.Error,
        },
        description: "Least severe level that is logged.");

    /// <summary>Not RocketMQ's.</summary>
    public static readonly PropertyDefinition<RocketOps.Hosting.Logging.LogFormat> LogFormat = PropertyDefinition.Choice(
        "logFormat",
        RocketOps.Hosting.Logging.LogFormat.Text,
        new Dictionary<string, RocketOps.Hosting.Logging.LogFormat>(StringComparer.Ordinal) { ["text"] = RocketOps.Hosting.Logging.LogFormat.Text, ["json"] = RocketOps.Hosting.Logging.LogFormat.Json },
        description: "Lines of the log: text for people, or one flat JSON object each, for what collects logs; why it does not start, too.");

    public static readonly PropertyCatalog Catalog = new(
    [
        ListenPort, BindAddress, KvConfigPath, ConfigStorePath, ConfigBlackList, OrderMessageEnable, ReturnOrderTopicConfigToBroker, EnableAllTopicList, EnableTopicList,
        NeedWaitForService, WaitSecondsForService, DeleteTopicWithBrokerRegistration, SupportActingMaster, NotifyMinBrokerIdChanged, ScanNotActiveBrokerInterval, ServerChannelMaxIdleTimeSeconds, MaxBrokerCount, MaxTopicCount,
        Peers, HttpPort, LogLevel, LogFormat,
        .. Unsupported(), .. Ignored(),
    ]);

    private static IEnumerable<PropertyDefinition> Unsupported() =>
    [
        PropertyDefinition.Unsupported("enableControllerInNamesrv", "use failover: Automatic of a BrokerCluster instead of a controller"),
        PropertyDefinition.Unsupported("clusterTest", "ask the name server of the other environment itself"),
        PropertyDefinition.Unsupported("productEnvName", "it belongs to clusterTest"),
    ];

    private static IEnumerable<PropertyDefinition> Ignored()
    {
        const string Sized = "The runtime sizes threads, queues and buffers.";
        string[] names =
        [
            "clientRequestThreadPoolNums", "defaultThreadPoolNums", "clientRequestThreadPoolQueueCapacity", "defaultThreadPoolQueueCapacity", "unRegisterBrokerQueueCapacity",
            "serverWorkerThreads", "serverCallbackExecutorThreads", "serverSelectorThreads", "serverOnewaySemaphoreValue", "serverAsyncSemaphoreValue",
            "serverSocketSndBufSize", "serverSocketRcvBufSize", "writeBufferHighWaterMark", "writeBufferLowWaterMark", "serverSocketBacklog", "serverPooledByteBufAllocatorEnable",
            "useEpollNativeSelector", "serverNettyWorkerGroupEnable", "enableShutdownGracefully", "shutdownWaitTimeSeconds",
            "clientWorkerThreads", "clientCallbackExecutorThreads", "clientOnewaySemaphoreValue", "clientAsyncSemaphoreValue", "connectTimeoutMillis", "channelNotActiveInterval",
            "clientChannelMaxIdleTimeSeconds", "clientSocketSndBufSize", "clientSocketRcvBufSize", "clientPooledByteBufAllocatorEnable", "clientCloseSocketIfTimeout", "useTLS",
            "isScanAvailableNameSrv", "socksProxyConfig", "disableCallbackExecutor", "disableNettyWorkerGroup", "maxReconnectIntervalTimeSeconds", "enableReconnectForGoAway",
        ];
        return
        [
            PropertyDefinition.Ignored("rocketmqHome", "There is no home directory."),
            PropertyDefinition.Ignored("namesrvAddr", "No name server knows another."),
            .. names.Select(static name => PropertyDefinition.Ignored(name, Sized)),
        ];
    }

    private static string DefaultPath(string file) => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "namesrv", file);
}
