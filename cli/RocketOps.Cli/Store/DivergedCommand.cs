using System.CommandLine;
using System.Text.Json.Nodes;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;

namespace RocketOps.Cli.Store;

/// <summary><c>rocketops store diverged</c>: what was cut off a log that had parted from its master's.</summary>
internal static class DivergedCommand
{
    public static Command Create(Shell shell)
    {
        Argument<string> directory = StoreArgument.Argument();
        Argument<string?> file = File();
        Option<bool> messages = new("--messages", "-m") { Description = "The messages themselves, as JSON lines like those of store dump" };
        DocumentedCommand command = new(
            "diverged",
            "List what was cut off a log that had parted from its master's, and is kept",
            "rocketops store diverged /home/rocketmq/store",
            "rocketops store diverged /home/rocketmq/store --messages | grep '\"topic\":\"orders\"'")
        {
            directory, file, messages,
        };
        ListingOptions listing = new(command, canWatch: false);
        command.SetAction((parsed, cancellation) => StoreArgument.RunAsync(
            shell,
            parsed.GetRequiredValue(directory),
            async root =>
            {
                LinuxFileSystem files = new();
                IReadOnlyList<DivergedLog> logs = Find(files, root, parsed.GetValue(file));
                return parsed.GetValue(messages)
                    ? await Task.Run(() => Dump(shell, files, logs, cancellation), cancellation)
                    : await listing.ShowAsync(shell, parsed, () => Task.Run(() => ((IPresentation)List(shell, files, logs, cancellation), ExitCodes.Success), cancellation), cancellation);
            }));
        return command;
    }

    public static Argument<string?> File() => new("FILE") { Description = "One file of them, as the list names it; default: all", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>All that is kept, or the one of a name. Throws <see cref="CommandFailedException"/> when there is none of that name.</summary>
    public static IReadOnlyList<DivergedLog> Find(IStoreFileSystem files, string root, string? name)
    {
        IReadOnlyList<DivergedLog> logs = DivergedLog.List(files, root);
        return name is null ? logs
            : logs.FirstOrDefault(log => log.Name == name) is { } found ? [found]
            : throw new CommandFailedException($"{Path.Combine(root, DivergedLog.DirectoryName)} has no file {name}.{NearestWord.Hint(name, logs.Select(static log => log.Name))}");
    }

    private static int Dump(Shell shell, LinuxFileSystem files, IReadOnlyList<DivergedLog> logs, CancellationToken cancellation)
    {
        BufferedStream output = new(shell.OutputBytes, 1 << 16);
        int code = ExitCodes.Success;
        foreach (DivergedLog log in logs)
        {
            if (StoreDumper.DumpDiverged(files, log, output, cancellation) is { } problem)
            {
                output.Flush();
                shell.Error.WriteLine($"{shell.StyledError("rocketops:")} {log.Path}: {problem}");
                code = ExitCodes.Failed;
            }
        }

        output.Flush();
        return code;
    }

    private static Listing List(Shell shell, LinuxFileSystem files, IReadOnlyList<DivergedLog> logs, CancellationToken cancellation)
    {
        Listing listing = new("file", "cutAt", "offset", "bytes", "messages", "topics") { Empty = "nothing was cut off the log of this store" };
        List<string> problems = [];
        foreach (DivergedLog log in logs)
        {
            using DivergedReader reader = new(files, log);
            SortedDictionary<string, int> topics = new(StringComparer.Ordinal);
            while (reader.MoveNext())
            {
                cancellation.ThrowIfCancellationRequested();
                string topic = reader.Current.TopicName;
                topics[topic] = topics.GetValueOrDefault(topic) + 1;
            }

            listing.Add(
                log.Name, LocalTime.Text(log.CutAt.ToUnixTimeMilliseconds(), shell.Time), log.Offset, log.Bytes, topics.Values.Sum(), new JsonObject(topics.Select(static topic => KeyValuePair.Create(topic.Key, (JsonNode?)topic.Value))));
            if (reader.Problem is { } problem)
            {
                problems.Add($"{log.Name}: {problem}; what follows is not counted");
            }
        }

        listing.Footer = problems.Count > 0 ? string.Join('\n', problems) : null;
        return listing;
    }
}
