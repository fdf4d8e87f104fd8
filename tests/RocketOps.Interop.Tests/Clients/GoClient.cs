using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>Apache's Go client, through the kit's smoke test.</summary>
/// <param name="nameServer">host:port.</param>
/// <param name="brokerAddress">The broker on which it makes its topics; null when they are there.</param>
public sealed class GoClient(string nameServer, string? brokerAddress)
{
    public const string NormalSuffix = "Normal";
    public const string DelaySuffix = "Delay";

    private static readonly Lazy<Task<string>> Program = new(UnpackAsync);

    /// <summary>Messages the retry case sends, whatever <c>-messages</c> says.</summary>
    public const int RetryMessages = 5;

    /// <summary>Starts the program on these cases; their topics' names start with the prefix.</summary>
    public async Task<ChildProcess> StartAsync(string prefix, string cases, int messages, TimeSpan limitOfOneCase)
    {
        string program = await Program.Value;
        string seconds = string.Create(CultureInfo.InvariantCulture, $"{limitOfOneCase.TotalSeconds:0}s");
        string count = messages.ToString(CultureInfo.InvariantCulture);
        string[] topics = brokerAddress is null ? [] : ["-broker", brokerAddress];
        return ChildProcess.Start(
            program,
            ["-protocol", "remoting", "-namesrv", nameServer, .. topics, "-prefix", prefix, "-cases", cases, "-messages", count, "-wait", seconds]);
    }

    /// <summary>Beside the tests, once for all of them.</summary>
    private static async Task<string> UnpackAsync()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "go-client-smoke");
        string script = $"xz -dc '{SharedKits.GoClient}' > '{program}' && chmod +x '{program}'";
        (await ChildProcess.RunAsync("sh", ["-c", script], TimeSpan.FromMinutes(5))).EnsureSuccess();
        return program;
    }
}
