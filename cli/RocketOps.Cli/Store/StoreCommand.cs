using System.CommandLine;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;

namespace RocketOps.Cli.Store;

/// <summary><c>rocketops store</c>: looks into store directories, ours or Apache's. Only <c>repair</c> changes something in them.</summary>
internal static class StoreCommand
{
    private const int Sound = 0;
    private const int Damaged = 1;

    public static Command Create(Shell shell) => new("store", "Look into a store directory, of RocketOps or of Apache RocketMQ")
    {
        Dump(shell), Verify(shell), RepairCommand.Create(shell), DivergedCommand.Create(shell), ResendCommand.Create(shell),
    };

    private static Command Dump(Shell shell)
    {
        Argument<string> directory = StoreArgument.Argument();
        Option<bool> noUnits = new("--no-units") { Description = "Leave out the units of consume queues" };
        Command command = new DocumentedCommand(
            "dump",
            "Print messages, queues, index and checkpoint as JSON lines",
            "rocketops store dump /home/rocketmq/store",
            "rocketops store dump --no-units /home/rocketmq/store | grep '\"kind\":\"message\"'")
        {
            directory, noUnits,
        };
        command.SetAction((result, cancellationToken) => StoreArgument.RunAsync(
            shell,
            result.GetRequiredValue(directory),
            root => Task.Run(
                () =>
                {
                    BufferedStream output = new(shell.OutputBytes, 1 << 16);
                    StoreDumper.Dump(new LinuxFileSystem(), root, output, !result.GetValue(noUnits), cancellationToken);
                    output.Flush();
                    return Sound;
                },
                cancellationToken)));
        return command;
    }

    private static Command Verify(Shell shell)
    {
        Argument<string> directory = StoreArgument.Argument();
        Option<string?> log = StoreArgument.CommitLog();
        Option<int?> slots = StoreArgument.IndexSlots();
        Command command = new DocumentedCommand(
            "verify",
            "Check every record, queue unit and index entry, and whether they belong together; exit code 1 when something is damaged, 2 when DIR is no store",
            "rocketops store verify /home/rocketmq/store",
            "rocketops store verify /home/rocketmq/store --commit-log /mnt/log/commitlog")
        {
            directory, log, slots,
        };
        command.SetAction((result, cancellationToken) => StoreArgument.RunAsync(
            shell,
            result.GetRequiredValue(directory),
            root => Task.Run(
                () => Verify(shell.Output, root, StoreArgument.Existing(result.GetValue(log)), result.GetValue(slots), cancellationToken),
                cancellationToken)));
        return command;
    }

    private static int Verify(TextWriter output, string directory, string? commitLog, int? indexSlots, CancellationToken cancellationToken)
    {
        StoreVerifier verifier = new(
            new LinuxFileSystem(),
            directory,
            indexSlots,
            finding => output.WriteLine($"{Word(finding.Kind)}: {finding.Where}: {finding.What}"),
            commitLog);
        VerifyResult figures = verifier.Run(cancellationToken);
        output.WriteLine($"{figures.Messages} messages, {figures.Units} queue units, {figures.IndexEntries} index entries; the log ends at {figures.LogEnd}");
        output.WriteLine(figures switch
        {
            { Damages: > 0 } => $"{CountText.Of(figures.Damages, "place")} damaged",
            { Repairable: > 0 } =>
                $"not damaged; {CountText.Of(figures.Repairable, "place")} to be put right by the next start, or by \"rocketops store repair\"",
            { Unchecked: > 0 } => "what could be checked is sound",
            _ => "sound",
        });
        if (figures.Unchecked > 0)
        {
            output.WriteLine($"not checked: {CountText.Of(figures.Unchecked, "index file or queue")}");
        }

        return figures.Damages > 0 ? Damaged : Sound;
    }

    private static string Word(StoreFindingKind kind) => kind switch
    {
        StoreFindingKind.Damage => "damaged",
        StoreFindingKind.Repairable => "to be recovered",
        _ => "not checked",
    };
}
