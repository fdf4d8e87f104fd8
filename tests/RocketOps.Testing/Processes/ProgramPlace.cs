using System.Net;

namespace RocketOps.Testing.Processes;

/// <summary>Where a program of a test runs, and by which address it is reached there.</summary>
/// <param name="Address">Of the place, as all others see it.</param>
/// <param name="Launcher">A program with arguments that puts itself there and becomes the one whose command line follows, as <c>nsenter</c> does; empty for the network that the test itself is in.</param>
public sealed record ProgramPlace(IPAddress Address, IReadOnlyList<string> Launcher)
{
    /// <summary>On this machine's loopback device.</summary>
    public static ProgramPlace Loopback { get; } = new(IPAddress.Loopback, []);

    /// <summary>Starts a program there.</summary>
    public ChildProcess Start(
        string program, IEnumerable<string> arguments, string workingDirectory, IReadOnlyDictionary<string, string>? environment = null)
    {
        string[] commandLine = [.. Launcher, program, .. arguments];
        return ChildProcess.Start(commandLine[0], commandLine[1..], environment, workingDirectory);
    }
}
