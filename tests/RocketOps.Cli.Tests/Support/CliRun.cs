using System.Text;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Tests.Support;

/// <summary>A command line run inside the test's process: what it wrote and how it ended.</summary>
public sealed record CliRun(int ExitCode, string Output, string Error)
{
    /// <summary>What commands of the tests have for limits of their own: those are a person's, at a machine that does nothing else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public IEnumerable<string> OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<CliRun> RunAsync(params string[] arguments) => RunAsync(input: null, isTerminal: false, arguments);

    /// <summary>Runs with something on standard input; <paramref name="isTerminal"/> lets it ask.</summary>
    public static Task<CliRun> RunAsync(string? input, bool isTerminal, IReadOnlyList<string> arguments) =>
        RunAsync(new MemoryStream(Encoding.UTF8.GetBytes(input ?? string.Empty)), isTerminal, hasColour: false, arguments, CancellationToken.None);

    /// <summary>Runs by a clock that the test moves.</summary>
    public static Task<CliRun> RunAsync(IReadOnlyList<string> arguments, TimeProvider time) => RunAsync(Stream.Null, isTerminal: false, hasColour: false, arguments, CancellationToken.None, time);

    public static async Task<CliRun> RunAsync(
        Stream input, bool isTerminal, bool hasColour, IReadOnlyList<string> arguments, CancellationToken cancellation, TimeProvider? time = null, Func<bool>? isReaderGone = null)
    {
        using MemoryStream bytes = new();
        await using StreamWriter output = new(bytes, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true, NewLine = "\n" };
        await using StringWriter error = new() { NewLine = "\n" };
        Shell shell = new()
        {
            Output = TextWriter.Synchronized(output),
            OutputBytes = bytes,
            Error = TextWriter.Synchronized(error),
            IsReaderGone = isReaderGone,
            Input = input,
            IsInputTerminal = isTerminal,
            HasColour = hasColour,
            Patience = Patience,
            Time = time ?? TimeProvider.System,
        };
        int code = await new CommandRunner(shell).RunAsync(arguments, cancellation);
        return new CliRun(code, Encoding.UTF8.GetString(bytes.ToArray()), error.ToString());
    }

    public CliRun EnsureSuccess() => ExitCode == 0 ? this : throw new InvalidOperationException($"exit code {ExitCode}\n{Output}\n{Error}");
}
