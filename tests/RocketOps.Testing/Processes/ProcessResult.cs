namespace RocketOps.Testing.Processes;

/// <summary>How a program ended and what it said.</summary>
public sealed record ProcessResult(string CommandLine, int ExitCode, string Output, string Error)
{
    public IEnumerable<string> OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Throws with everything the program said unless it ended with 0.</summary>
    public ProcessResult EnsureSuccess() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"exit code {ExitCode}: {this}");

    public override string ToString() => $"{CommandLine}\n{Output}\n{Error}".TrimEnd();
}
