using System.CommandLine;
using RocketOps.Cli.Arguments;

namespace RocketOps.Cli.Topics;

/// <summary>Options that several topic commands share.</summary>
internal static class TopicOptions
{
    public const int MaxQueues = 65_535;

    /// <summary>Note on a topic that a Topic object has.</summary>
    public const string ObjectsNote = "A topic that a Topic object has is changed there, and refused here without --force.";

    public static Option<string?> Cluster() => new("--cluster") { Description = "Only this cluster; needed when the name servers know several", HelpName = "NAME" };

    public static Option<int?> Queues(string name, string? alias, string description) =>
        new Option<int?>(name, alias is null ? [] : [alias]) { Description = description, HelpName = "N" }.Within(1, MaxQueues);
}
