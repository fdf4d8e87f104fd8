using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Running;
using RocketOps.Store.Contracts;

namespace RocketOps.Cli.Store;

/// <summary>The store directory a command is told, and what keeps it from being read.</summary>
internal static class StoreArgument
{
    private const int Unusable = 2;

    /// <summary>Files and folders of which a store's root directory has at least one from a broker's first start on.</summary>
    private static readonly string[] Marks = ["commitlog", "consumequeue", "checkpoint", "abort", "lock"];

    public static Argument<string> Argument() => new("DIR") { Description = "The store's root directory (storePathRootDir)" };

    public static Option<string?> CommitLog() => new("--commit-log")
    {
        Description = "Directory of the log (storePathCommitLog), where it is not DIR/commitlog",
        HelpName = "DIR",
    };

    public static Option<int?> IndexSlots() => new Option<int?>("--index-slots")
    {
        Description = "maxHashSlotNum of the broker, where its configuration has one",
    }.Within(1, int.MaxValue);

    /// <summary>The directory that was given, if it is one; null when none was. Throws <see cref="StoreException"/> otherwise.</summary>
    public static string? Existing(string? directory) =>
        directory is null || Directory.Exists(directory)
            ? directory
            : throw new StoreException($"{directory} is no directory: give the one that storePathCommitLog names.");

    /// <summary>
    /// Runs when the directory is that of a store; what keeps it from being one, or from being read, is told, and answered with 2.
    /// </summary>
    public static async Task<int> RunAsync(Shell shell, string directory, Func<string, Task<int>> run)
    {
        try
        {
            // An all-clear for a directory that holds no store would be the most dangerous answer.
            string? problem = !Directory.Exists(directory) ? "is no directory"
                : !Marks.Any(mark => Path.Exists(Path.Combine(directory, mark))) ? $"is no store: it has none of {string.Join(", ", Marks)}. Give the directory that storePathRootDir names."
                : null;
            if (problem is not null)
            {
                await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops:")} {directory} {problem}");
                return Unusable;
            }

            return await run(directory);
        }
        catch (Exception failure) when (failure is StoreException or UnauthorizedAccessException || (failure is IOException && !StandardOutput.IsBrokenPipe(failure)))
        {
            await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops:")} {failure.Message}");
            return Unusable;
        }
    }
}
