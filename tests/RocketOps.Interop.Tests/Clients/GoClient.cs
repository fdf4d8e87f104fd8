using System.Globalization;
using System.Text.RegularExpressions;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>Apache's Go client, through the kit's smoke test.</summary>
/// <param name="nameServer">host:port.</param>
/// <param name="brokerAddress">The broker on which it makes its topics; null when they are there.</param>
public sealed partial class GoClient(string nameServer, string? brokerAddress)
{
    public const string NormalSuffix = "Normal";
    public const string DelaySuffix = "Delay";

    private const int MostRuns = 4;

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

    /// <summary>Runs the cases to their end. The library gives a request up after seconds and its program does not repeat it: the cases run again then, on other topics.</summary>
    /// <returns>What the names of the topics start with, and what the program said.</returns>
    public async Task<(string Prefix, ProcessResult Result)> RunAsync(string prefix, string cases, int messages, TimeSpan limitOfOneCase)
    {
        for (int run = 1; ; run++)
        {
            string own = string.Create(CultureInfo.InvariantCulture, $"{prefix}{run}");
            await using ChildProcess program = await StartAsync(own, cases, messages, limitOfOneCase);
            ProcessResult result = await program.WaitAsync(cases.Split(',').Length * limitOfOneCase);
            if (result.ExitCode == 0 || run == MostRuns || !GaveUp().IsMatch(result.ToString()))
            {
                return (own, result);
            }
        }
    }

    [GeneratedRegex("time ?out|deadline exceeded|not exist|route", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex GaveUp();

    /// <summary>Beside the tests, once for all of them.</summary>
    private static async Task<string> UnpackAsync()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "go-client-smoke");
        string script = $"xz -dc '{SharedKits.GoClient}' > '{program}' && chmod +x '{program}'";
        (await ChildProcess.RunAsync("sh", ["-c", script], TimeSpan.FromMinutes(5))).EnsureSuccess();
        return program;
    }
}
