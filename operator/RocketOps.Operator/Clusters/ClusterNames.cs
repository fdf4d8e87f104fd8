using System.Globalization;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Names of everything that belongs to a cluster. They follow from the cluster's name alone, never from a clock, so that a repeated create meets the object that
/// is already there and a recreated set finds its claims. Configurations add a hash of what is in them.
/// </summary>
internal sealed class ClusterNames
{
    /// <summary>
    /// Longest name of a cluster. The longest derived label value is a StatefulSet's revision, <c>NAME-63-xxxxxxxxxx</c>, and the
    /// longest Service is <c>NAME-nameserver-headless</c>: both stay below 63 with room for longer suffixes in later versions.
    /// </summary>
    public const int MaxClusterNameLength = 30;

    /// <summary>Volume claim template of the brokers: claims are called <c>data-GROUP-ORDINAL</c>.</summary>
    public const string DataVolume = "data";

    public ClusterNames(string cluster, string @namespace)
    {
        ArgumentException.ThrowIfNullOrEmpty(cluster);
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        Cluster = cluster;
        Namespace = @namespace;
    }

    public string Cluster { get; }

    public string Namespace { get; }

    public string ServiceAccount => Cluster + "-broker";

    public string NameServer => Cluster + "-nameserver";

    public string NameServerHeadless => Cluster + "-nameserver-headless";

    /// <summary>The configuration that brokers take while they run. Changed in place, so there is no hash.</summary>
    public string LiveConfig => Cluster + "-brokers-live";

    public string NameServerConfig(string hash) => $"{Cluster}-nameserver-config-{hash}";

    /// <summary>
    /// Address at which brokers register: the headless name resolves to every name server, so that one that comes or goes never changes a
    /// broker's configuration. The short form needs no cluster domain.
    /// </summary>
    public string NameServerRegistrationAddress => string.Create(CultureInfo.InvariantCulture, $"{NameServerHeadless}.{Namespace}.svc:{Ports.NameServer}");

    /// <summary>Address of the name servers for clients.</summary>
    public string NameServerClientAddress => string.Create(CultureInfo.InvariantCulture, $"{NameServer}.{Namespace}.svc:{Ports.NameServer}");

    /// <summary>Name of a group: at once its StatefulSet's and RocketMQ's brokerName.</summary>
    public string Group(int index) => string.Create(CultureInfo.InvariantCulture, $"{Cluster}-{index}");

    public static string GroupHeadless(string group) => group + "-headless";

    public static string GroupMaster(string group) => group + "-master";

    /// <summary>Service account, Role and RoleBinding of the members of a group that elects its master.</summary>
    public static string GroupAccount(string group) => group + "-member";

    public static string GroupSlave(string group) => group + "-slave";

    public static string GroupConfig(string group, string hash) => $"{group}-config-{hash}";

    public static string Member(string group, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{group}-{ordinal}");

    /// <summary>The claim of a member, named as a StatefulSet names it.</summary>
    public static string MemberClaim(string group, int ordinal) => $"{DataVolume}-{Member(group, ordinal)}";

    /// <summary>Ordinal of a member of a group; null when this is no member's name.</summary>
    public static int? OrdinalOf(string group, string name) =>
        name.Length > group.Length + 1 && name.StartsWith(group, StringComparison.Ordinal) && name[group.Length] == '-'
        && int.TryParse(name.AsSpan(group.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) && Member(group, ordinal) == name
            ? ordinal
            : null;

    public static string MemberConfigFile(string group, int ordinal) => Member(group, ordinal) + ".conf";
}
