using System.CommandLine;
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

    public static Command Create() => new("store", "Look into a store directory, of RocketOps or of Apache RocketMQ") { Dump(), Verify() };

    private static Command Dump()
    {
        Argument<string> directory = Directory();
        Option<bool> noUnits = new("--no-units") { Description = "Leave out the units of consume queues" };
        Command command = new("dump", "Print messages, queues, index and checkpoint as JSON lines") { directory, noUnits };
        command.SetAction((result, cancellationToken) => Task.Run(
            () => Guarded(() =>
            {
                using BufferedStream output = new(Console.OpenStandardOutput(), 1 << 16);
                StoreDumper.Dump(new LinuxFileSystem(), result.GetRequiredValue(directory), output, !result.GetValue(noUnits), cancellationToken);
                return Sound;
            }),
            cancellationToken));
        return command;
    }

    private static Command Verify()
    {
        Argument<string> directory = Directory();
        Option<int?> slots = new("--index-slots") { Description = "maxHashSlotNum of the broker, where it is not the default" };
        Command command = new("verify", "Check every record, queue unit and index entry; exit code 1 when something is damaged") { directory, slots };
        command.SetAction((result, cancellationToken) => Task.Run(
            () => Guarded(() => Verify(result.GetRequiredValue(directory), result.GetValue(slots), cancellationToken)),
            cancellationToken));
        return command;
    }

    private static int Verify(string directory, int? indexSlots, CancellationToken cancellationToken)
    {
        StoreVerifier verifier = new(
            new LinuxFileSystem(),
            directory,
            indexSlots,
            finding => Console.Out.WriteLine($"{(finding.IsDamage ? "damaged" : "to be recovered")}: {finding.Where}: {finding.What}"));
        VerifyResult figures = verifier.Run(cancellationToken);
        Console.Out.WriteLine($"{figures.Messages} messages, {figures.Units} queue units, {figures.IndexEntries} index entries; the log ends at {figures.LogEnd}");
        Console.Out.WriteLine(figures switch
        {
            { Damages: > 0 } => $"{figures.Damages} places are damaged",
            { Repairable: > 0 } => $"not damaged; {figures.Repairable} places are put right by the next start",
            _ => "sound",
        });
        return figures.Damages > 0 ? Damaged : Sound;
    }

    private static int Guarded(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return Unusable;
        }
    }

    private static Argument<string> Directory() => new("DIR") { Description = "The store's root directory (storePathRootDir)" };
}
