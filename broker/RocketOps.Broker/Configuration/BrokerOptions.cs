using System.Net;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Names;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// Options of the broker itself, that all features may ask for: who it is, where it listens, what it may do, and where its store is. An immutable snapshot; a
/// live update makes a new one, see <see cref="BrokerSettings"/>. What one feature reads stands with the feature, as <see cref="IFeatureOptions{TSelf}"/>.
/// </summary>
internal sealed class BrokerOptions
{
    private BrokerOptions(PropertyValues values)
    {
        Values = values;
        ClusterName = values.Get(Keys.BrokerClusterName);
        BrokerName = OrElse(values.Get(Keys.BrokerName), Dns.GetHostName);
        Role = values.Get(Keys.Role);
        // A master with another id is refused at the start (FindContradictions); an elected member has no id of its own.
        BrokerId = Role == BrokerRole.Slave ? values.Get(Keys.BrokerId) : 0;
        NameServers = OrElse(values.Get(Keys.NamesrvAddr), static () => Environment.GetEnvironmentVariable("NAMESRV_ADDR") ?? string.Empty)
            .Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        BindAddress = ListenAddress.Of(values.Get(Keys.BindAddress));
        BrokerIP1 = HostSyntax.Bare(OrElse(values.Get(Keys.BrokerIP1), () => ListenAddress.IsSpecific(BindAddress) ? BindAddress.ToString() : ListenAddress.FindFirstLocal().ToString()));
        BrokerIP2 = HostSyntax.Bare(OrElse(values.Get(Keys.BrokerIP2), () => BrokerIP1));
        ListenPort = values.Get(Keys.ListenPort);
        HaListenPort = values.Get(Keys.HaListenPort);
        HttpPort = values.Get(Keys.HttpPort);
        Permission = values.Get(Keys.BrokerPermission);
        Group = values.Get(ElectionSettings.Keys.Failover) ? ElectionSettings.From(values) : null;
        StoreRoot = OrElse(
            values.Get(Keys.StorePathRootDir),
            static () => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "store"));
        CommitLogFolder = OrElse(values.Get(Keys.StorePathCommitLog), () => Path.Combine(StoreRoot, "commitlog"));
    }

    public PropertyValues Values { get; }

    public string ClusterName { get; }

    public string BrokerName { get; }

    /// <summary>The role at the start; what the broker is at a moment, <see cref="Roles.CurrentRole"/> tells.</summary>
    public BrokerRole Role { get; }

    /// <summary>The id at the start, see <see cref="Role"/>.</summary>
    public long BrokerId { get; }

    public string[] NameServers { get; }

    public IPAddress BindAddress { get; }

    public string BrokerIP1 { get; }

    public string BrokerIP2 { get; }

    public int ListenPort { get; }

    public int HaListenPort { get; }

    public int HttpPort { get; }

    /// <summary>Bits 2 write and 4 read.</summary>
    public int Permission { get; }

    public bool IsWriteable => (Permission & PermissionBits.Write) != 0;

    public bool IsReadable => (Permission & PermissionBits.Read) != 0;

    /// <summary>Settings of the group that elects its master; null when the master is fixed.</summary>
    public ElectionSettings? Group { get; }

    public string StoreRoot { get; }

    public string CommitLogFolder { get; }

    public static BrokerOptions From(PropertyValues values) => new(values);

    /// <summary>Finds keys that contradict each other, which each key alone cannot tell. Empty when all is well.</summary>
    public static IReadOnlyList<PropertyProblem> FindContradictions(PropertyValues values)
    {
        List<PropertyProblem> problems = [];
        if (values.Get(Keys.Role) == BrokerRole.Slave && values.Get(Keys.BrokerId) == 0 && !values.Get(ElectionSettings.Keys.Failover))
        {
            problems.Add(new PropertyProblem(values.OriginOf(Keys.Role), Keys.Role.Name, "a SLAVE needs a brokerId above 0"));
        }

        if (values.Get(Keys.Role) != BrokerRole.Slave && values.Get(Keys.BrokerId) != 0 && !values.Get(ElectionSettings.Keys.Failover))
        {
            problems.Add(new PropertyProblem(
                values.OriginOf(Keys.BrokerId),
                Keys.BrokerId.Name,
                $"{values.Get(Keys.BrokerId)} is the id of a slave, and brokerRole says {values.TextOf(Keys.Role)}: set brokerId=0 for a "
                    + $"master, brokerRole=SLAVE for a slave"));
        }

        if (values.Get(ElectionSettings.Keys.Failover))
        {
            problems.AddRange(ElectionSettings.FindFaults(values));
        }
        else if (values.Get(ReplicationOptions.Keys.MinInSyncReplicas) > ReplicationOptions.InSyncReplicasOf(values))
        {
            problems.Add(new PropertyProblem(
                values.OriginOf(ReplicationOptions.Keys.MinInSyncReplicas), ReplicationOptions.Keys.MinInSyncReplicas.Name, "must not be above inSyncReplicas, which is how many are waited for at most"));
        }

        int listenPort = values.Get(Keys.ListenPort);
        if (listenPort is > 0 and < 3)
        {
            problems.Add(new PropertyProblem(values.OriginOf(Keys.ListenPort), Keys.ListenPort.Name, "must be 3 or more, as the fast port is 2 below"));
        }

        return problems;
    }

    private static string OrElse(string text, Func<string> fallback) => text.Length > 0 ? text : fallback();

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<string> BrokerClusterName = Text(
            "brokerClusterName", "DefaultCluster",
            description: "Cluster this broker belongs to.");

        public static readonly PropertyDefinition<string> BrokerName = Text(
            "brokerName", string.Empty,
            description: "Name of the group of master and slaves; the host's name when not set.");

        public static readonly PropertyDefinition<long> BrokerId = Int64(
            "brokerId", 0, 0,
            description: "0 is the master; a slave has another number.");

        public static readonly PropertyDefinition<string> NamesrvAddr = Text(
            "namesrvAddr", string.Empty, HostSyntax.List, HostSyntax.FindListProblem, live: true,
            description: "Name servers, `host:port` separated by `;`. Every address a host resolves to is used. NAMESRV_ADDR when " +
                "not set.");

        public static readonly PropertyDefinition<string> BrokerIP1 = Text(
            "brokerIP1", string.Empty, HostSyntax.Host, HostSyntax.FindHostProblem,
            description: "Address clients are told; the first that is not loopback when not set.");

        public static readonly PropertyDefinition<string> BrokerIP2 = Text(
            "brokerIP2", string.Empty, HostSyntax.Host, HostSyntax.FindHostProblem,
            description: "Address slaves are told; brokerIP1 when not set.");

        public static readonly PropertyDefinition<string> BindAddress = Text(
            "bindAddress", "::", HostSyntax.Bind, HostSyntax.FindBindProblem,
            description: "Address all ports are opened on. `::` is all addresses of the machine, IPv4 and IPv6; `0.0.0.0` those of " +
                "IPv4 alone, which is RocketMQ's default.");

        public static readonly PropertyDefinition<int> ListenPort = Int32(
            "listenPort", 10911, 0, 65535,
            description: "Remoting port; the fast port is this minus 2. 0 takes a free port (not in RocketMQ).");

        public static readonly PropertyDefinition<int> HaListenPort = Int32(
            "haListenPort", 0, 0, 65535,
            description: "Port slaves are served on; listenPort + 1 when 0 (a free one when listenPort is 0).");

        public static readonly PropertyDefinition<int> HttpPort = Int32(
            "httpPort", 0, -1, 65535,
            description: "Port of /livez, /readyz, /startupz and /metrics; 0 is off, -1 takes a free port. Not in RocketMQ.");

        public static readonly PropertyDefinition<BrokerRole> Role = Choice(
            "brokerRole", Configuration.BrokerRole.AsyncMaster,
            new Dictionary<string, BrokerRole>(StringComparer.Ordinal)
            {
                ["ASYNC_MASTER"] = Configuration.BrokerRole.AsyncMaster,
                ["SYNC_MASTER"] = Configuration.BrokerRole.SyncMaster,
                ["SLAVE"] = Configuration.BrokerRole.Slave,
            },
            description: "Role of this member. ASYNC_MASTER acknowledges a message when it has it itself, SYNC_MASTER when slaves " +
                "have it too (inSyncReplicas).");

        public static readonly PropertyDefinition<int> BrokerPermission = Int32(
            "brokerPermission", PermissionBits.ReadWrite, 0, PermissionBits.All, live: true,
            description: "2 write, 4 read, 6 both; told to name servers at once.");

        public static readonly PropertyDefinition<string> ConfigBlackList = Text(
            "configBlackList", "configBlackList;brokerConfigPath",
            description: "Keys that an update over the network may not change, separated by `;`.");

        public static readonly PropertyDefinition<Microsoft.Extensions.Logging.LogLevel> LogLevel = Choice(
            "logLevel", Microsoft.Extensions.Logging.LogLevel.Information,
            new Dictionary<string, Microsoft.Extensions.Logging.LogLevel>(StringComparer.Ordinal)
            {
                ["DEBUG"] = Microsoft.Extensions.Logging.LogLevel.Debug,
                ["INFO"] = Microsoft.Extensions.Logging.LogLevel.Information,
                ["WARN"] = Microsoft.Extensions.Logging.LogLevel.Warning,
                ["ERROR"] = Microsoft.Extensions.Logging.LogLevel.Error,
            },
            description: "Least severe lines that are logged. Not in RocketMQ.");

        public static readonly PropertyDefinition<RocketOps.Hosting.Logging.LogFormat> LogFormat = Choice(
            "logFormat", RocketOps.Hosting.Logging.LogFormat.Text,
            new Dictionary<string, RocketOps.Hosting.Logging.LogFormat>(StringComparer.Ordinal) { ["TEXT"] = RocketOps.Hosting.Logging.LogFormat.Text, ["JSON"] = RocketOps.Hosting.Logging.LogFormat.Json },
            description: "Lines of the log: text for people, or one flat JSON object each, for what collects logs; why it does not " +
                "start, too. Not in RocketMQ.");

        public static readonly PropertyDefinition<string> StorePathRootDir = Text(
            "storePathRootDir", string.Empty,
            description: "Folder of everything stored; `store` in the user's home when not set.");

        public static readonly PropertyDefinition<string> StorePathCommitLog = Text(
            "storePathCommitLog", string.Empty,
            description: "Folder of the commit log; `commitlog` below storePathRootDir when not set.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            BrokerClusterName, BrokerName, BrokerId, NamesrvAddr, BrokerIP1, BrokerIP2, BindAddress, ListenPort, HaListenPort,
            HttpPort, Role, BrokerPermission, ConfigBlackList, LogLevel, LogFormat, StorePathRootDir, StorePathCommitLog,
        ];
    }
}
