using System.CommandLine;
using RocketOps.Cli.Running;
using RocketOps.Store;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;

namespace RocketOps.Cli.Store;

/// <summary><c>rocketops store</c>: looks into store directories, ours or Apache's. Changes nothing.</summary>
internal static class StoreCommand
{
    private const int Sound = 0;
    private const int Damaged = 1;
    private const int Unusable = 2;

    /// <summary>What the root directory of a store has one of from a broker's first start on.</summary>
    private static readonly string[] Marks = ["commitlog", "consumequeue", "checkpoint", "abort", "lock"];

    public static Command Create(Shell shell) => new("store", "Look into a store directory, of RocketOps or of Apache RocketMQ") { Dump(shell), Verify(shell) };

    private static Command Dump(Shell shell)
    {
        Argument<string> directory = Directory();
        Option<bool> noUnits = new("--no-units") { Description = "Leave out the units of consume queues" };
        Command command = new DocumentedCommand(
            "dump",
            "Print messages, queues, index and checkpoint as JSON lines",
            "rocketops store dump /home/rocketmq/store",
            "rocketops store dump --no-units /home/rocketmq/store | grep '\"kind\":\"message\"'")
        {
            directory, noUnits,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            shell,
            result.GetRequiredValue(directory),
            root =>
            {
                BufferedStream output = new(shell.OutputBytes, 1 << 16);
                StoreDumper.Dump(new LinuxFileSystem(), root, output, !result.GetValue(noUnits), cancellationToken);
                output.Flush();
                return Sound;
            },
            cancellationToken));
        return command;
    }

    private static Command Verify(Shell shell)
    {
        Argument<string> directory = Directory();
        Option<int?> slots = new("--index-slots") { Description = "maxHashSlotNum of the broker, where it is not the default" };
        Command command = new DocumentedCommand(
            "verify", "Check every record, queue unit and index entry; exit code 1 when something is damaged, 2 when DIR is no store", "rocketops store verify /home/rocketmq/store")
        {
            directory, slots,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            shell, result.GetRequiredValue(directory), root => Verify(shell.Output, root, result.GetValue(slots), cancellationToken), cancellationToken));
        return command;
    }

    private static int Verify(TextWriter output, string directory, int? indexSlots, CancellationToken cancellationToken)
    {
        StoreVerifier verifier = new(
            new LinuxFileSystem(),
            directory,
            indexSlots,
            finding => output.WriteLine($"{(finding.IsDamage ? "damaged" : "to be recovered")}: {finding.Where}: {finding.What}"));
        VerifyResult figures = verifier.Run(cancellationToken);
        output.WriteLine($"{figures.Messages} messages, {figures.Units} queue units, {figures.IndexEntries} index entries; the log ends at {figures.LogEnd}");
        output.WriteLine(figures switch
        {
            { Damages: > 0 } => $"{figures.Damages} places are damaged",
            { Repairable: > 0 } => $"not damaged; {figures.Repairable} places are put right by the next start",
            _ => "sound",
        });
        return figures.Damages > 0 ? Damaged : Sound;
    }

    private static async Task<int> RunAsync(Shell shell, string directory, Func<string, int> run, CancellationToken cancellationToken)
    {
        try
        {
            // An all-clear for a directory that holds no store would be the most dangerous answer.
            string? problem = !System.IO.Directory.Exists(directory) ? "is no directory"
                : !Marks.Any(mark => Path.Exists(Path.Combine(directory, mark))) ? $"is no store: it has none of {string.Join(", ", Marks)}. Give the directory that storePathRootDir names."
                : null;
            if (problem is not null)
            {
                await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops:")} {directory} {problem}");
                return Unusable;
            }

            return await Task.Run(() => run(directory), cancellationToken);
        }
        catch (Exception failure) when (failure is StoreException or UnauthorizedAccessException || (failure is IOException && !StandardOutput.IsBrokenPipe(failure)))
        {
            await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops:")} {failure.Message}");
            return Unusable;
        }
    }

    private static Argument<string> Directory() => new("DIR") { Description = "The store's root directory (storePathRootDir)" };
}
