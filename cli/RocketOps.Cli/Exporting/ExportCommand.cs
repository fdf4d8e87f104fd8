using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Topics;

namespace RocketOps.Cli.Exporting;

/// <summary><c>rocketops cluster export</c>: writes Topic and ConsumerGroup objects for what a live cluster has.</summary>
internal static class ExportCommand
{
    public static Command Create(Shell shell)
    {
        Option<string?> reference = new Option<string?>("--cluster-ref") { Description = "BrokerCluster that the objects refer to, if it is not called as the brokers' cluster", HelpName = "[NAMESPACE/]NAME" }.CheckedBy(ClusterRef.FindProblem);
        Option<string?> ns = new Option<string?>("--namespace") { Description = "Namespace of the objects; left out if absent", HelpName = "NAME" }.CheckedBy(ClusterRef.FindNamespaceProblem);
        Option<string[]> topics = Patterns("--topic", "-t", "Only topics called so, with * and ?; may be repeated, and leaves out groups without --group");
        Option<string[]> groups = Patterns("--group", "-g", "Only consumer groups called so; leaves out topics without --topic");
        Option<bool> observe = new("--observe") { Description = "Objects only watch (managementPolicy: Observe)" };
        Option<string?> folder = new("--to") { Description = "Folder to write to, a file for each object; standard output if absent", HelpName = "DIR" };
        Option<bool> overwrite = new("--overwrite") { Description = "With --to: replace files that say something else" };
        Option<string?> cluster = TopicOptions.Cluster();
        return new DocumentedCommand(
            "export",
            "Write Topic and ConsumerGroup objects for what a cluster has, ours or Apache's, which the operator takes over as they are; changes nothing",
            "rocketops cluster export -n 10.0.0.1:9876 --cluster-ref orders > objects.yaml",
            "rocketops cluster export --namespace mq --to objects",
            "rocketops cluster export --topic 'orders*' --group billing --observe") { reference, ns, topics, groups, observe, folder, overwrite, cluster }
            .RunsOnCluster(shell, (connection, parsed, cancellation) => RunAsync(
                shell,
                connection,
                new ExportOptions
                {
                    Cluster = parsed.GetValue(cluster),
                    ClusterRef = parsed.GetValue(reference) is { } given ? ClusterRef.Parse(given) : null,
                    Namespace = parsed.GetValue(ns),
                    Topics = parsed.GetValue(topics) ?? [],
                    Groups = parsed.GetValue(groups) ?? [],
                    Observe = parsed.GetValue(observe),
                },
                parsed.GetValue(folder) is { } path ? new ManifestFolder(path, parsed.GetValue(overwrite)) : null,
                cancellation));
    }

    private static Option<string[]> Patterns(string name, string alias, string description) => new(name, alias) { Description = description, HelpName = "PATTERN" };

    private static async Task<int> RunAsync(Shell shell, ClusterConnection connection, ExportOptions options, ManifestFolder? folder, CancellationToken cancellation)
    {
        ClusterExport export = await ClusterExport.ReadAsync(connection, options, cancellation);
        bool isWhole = true;
        foreach (string missing in export.Unmatched().Concat(export.WithoutMaster.Select(static broker => $"{broker} has no master at the moment: what only it has is missing, and whether it has the same as the others is not known.")))
        {
            await shell.Error.WriteLineAsync(missing);
            isWhole = false;
        }

        (int topics, int groups) = (0, 0);
        foreach ((ExportedObject? made, string? leftOut) in export.Objects())
        {
            cancellation.ThrowIfCancellationRequested();
            if (made is null)
            {
                await shell.Error.WriteLineAsync(leftOut);
                isWhole = false;
                continue;
            }

            foreach (string note in made.Notes)
            {
                await shell.Error.WriteLineAsync($"{made.Subject}: {note}");
            }

            string text = made.ToYaml(options.Namespace);
            if (folder is not null)
            {
                await folder.WriteAsync(made.FileName, text, cancellation);
            }
            else
            {
                // Each begins with a separator: what is appended to it, or before it, is a manifest too.
                await shell.Output.WriteAsync($"---\n{text}");
            }

            (topics, groups) = made.Kind == Operator.Entities.Topic.KindName ? (topics + 1, groups) : (topics, groups + 1);
        }

        await shell.Error.WriteLineAsync($"{export.Cluster} ({string.Join(", ", export.Masters)}): {CountText.Of(topics, "topic")} and {CountText.Of(groups, "consumer group")}");
        return isWhole ? ExitCodes.Success : ExitCodes.Failed;
    }
}
