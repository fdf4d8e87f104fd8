using System.Text.RegularExpressions;
using RocketOps.Operator.Clusters;

namespace RocketOps.Cli.Exporting;

/// <summary>The BrokerCluster that objects refer to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace; null for that of the objects.</param>
internal sealed partial record ClusterRef(string Name, string? Namespace)
{
    private const int MaxNameLength = ClusterNames.MaxClusterNameLength;

    /// <summary><c>NAME</c> or <c>NAMESPACE/NAME</c>.</summary>
    public static ClusterRef Parse(string text) => text.Split('/') is [var ns, var name] ? new ClusterRef(name, ns) : new ClusterRef(text, null);

    /// <summary>Finds why a text is no reference to a cluster; null when it is one.</summary>
    public static string? FindProblem(string text) => text.Split('/') switch
    {
        [var name] => FindNameProblem(name),
        [var ns, var name] => FindNamespaceProblem(ns) ?? FindNameProblem(name),
        _ => $"\"{text}\" is not NAME or NAMESPACE/NAME.",
    };

    public static string? FindNamespaceProblem(string ns) => Label().IsMatch(ns) ? null : $"\"{ns}\" is no namespace: 1 to 63 of a-z, 0-9 and -, a letter or digit at both ends.";

    /// <summary>Tells whether brokers of the cluster make a topic of this name themselves, so that the API refuses it.</summary>
    public bool IsNameOfServers(string topic) =>
        topic == Name || (topic.StartsWith(Name + "-", StringComparison.Ordinal) && topic.Length > Name.Length + 1 && topic.AsSpan(Name.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0);

    private static string? FindNameProblem(string name) =>
        name.Length <= MaxNameLength && Label().IsMatch(name) && char.IsAsciiLetter(name[0]) ? null : $"\"{name}\" is no name of a BrokerCluster: at most {MaxNameLength} of a-z, 0-9 and -, first a letter.";

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Label();
}
