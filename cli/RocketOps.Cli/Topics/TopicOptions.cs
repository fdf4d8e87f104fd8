using System.CommandLine;
using RocketOps.Cli.Output;

namespace RocketOps.Cli.Topics;

/// <summary>Options that several topic commands share.</summary>
internal static class TopicOptions
{
    public const int MaxQueues = 65_535;

    /// <summary>Where a topic may be changed although a Topic object has it.</summary>
    public const string ObjectsNote = "Topics of Topic objects are changed there: the operator puts back what differs.";

    public static Option<string?> Cluster() => new("--cluster") { Description = "Only this cluster; needed when the name servers know several", HelpName = "NAME" };

    public static Option<int?> Queues(string name, string? alias, string description) =>
        new Option<int?>(name, alias is null ? [] : [alias]) { Description = description, HelpName = "N" }.Within(1, MaxQueues);
}
