using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// Apache's Java client and its admin tools, through the programs of the kit, in a virtual machine that all tests share (<see cref="JavaHost"/>). There they wait two minutes for an answer instead of their own 3 or 5 s.
/// </summary>
public sealed class JavaClient(string version, string nameServer)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // Of a program that gave up its name server by itself (NameServerWatch): with 40 programs per core every second one does.
    private const int MaxTries = 8;

    // A scenario is up to four programs of at most 40 s each, or a dozen of mqadmin.
    private static readonly TimeSpan ScenarioPatience = TimeSpan.FromMinutes(10);

    private readonly IReadOnlyDictionary<string, string> _environment = JavaEnvironment.Of(version);

    private static string Bin => Path.Combine(SharedKits.RocketMq, "bin");

    /// <summary>
    /// Runs <c>rocketmq-client COMMAND</c> and returns the JSON objects it printed; throws when its exit code is not 0. Runs it again when it has done nothing but wait for itself, and for those messages of a
    /// <c>send</c> that were not sent for that reason (<see cref="UnsentMessages"/>).
    /// </summary>
    public async Task<IReadOnlyList<JsonElement>> RunAsync(string command, string topic, params string[] options)
    {
        List<JsonElement> done = [];
        Queue<string[]> left = new([options]);
        for (int attempt = 1; left.TryDequeue(out string[]? now); attempt++)
        {
            await using NameServerWatch watch = new(nameServer);
            await using JavaRun run = await StartAsync(command, topic, now);
            ProcessResult result = await run.WaitAsync(Patience);
            JsonElement[] said = [.. JsonLines.Parse(result.Output)];
            if (result.ExitCode != 0 && attempt < MaxTries && await watch.IsProgramsOwnAsync(result.Output))
            {
                if (Array.TrueForAll(said, UnsentMessages.IsError))
                {
                    left.Enqueue(now);
                    continue;
                }

                if (command == "send" && UnsentMessages.Find(said, nameServer) is { Count: > 0 } unsent)
                {
                    done.AddRange(said.Where(static line => !UnsentMessages.IsError(line)));
                    unsent.ForEach(range => left.Enqueue(UnsentMessages.Only(now, range)));
                    continue;
                }
            }

            result.EnsureSuccess();
            done.AddRange(said);
        }

        return command == "send" ? UnsentMessages.InOrder(done) : done;
    }

    /// <summary>Starts <c>rocketmq-client COMMAND</c>, which goes on until it is disposed of; its output grows by a JSON object per line.</summary>
    internal Task<JavaRun> StartAsync(string command, string topic, params string[] options) =>
        JavaHost.StartAsync(version, ["client", command, "--namesrv", nameServer, "--topic", topic, .. WithPatience(command, options)]);

    /// <summary>Runs <c>mqadmin</c> and returns what it printed; again when it gave up the name server by itself. Its exit code is 0 whatever happens: judge by the text.</summary>
    public async Task<string> AdminAsync(string command, params string[] options)
    {
        for (int attempt = 1; ; attempt++)
        {
            await using NameServerWatch watch = new(nameServer);
            await using JavaRun run = await JavaHost.StartAsync(version, ["mqadmin", command, "-n", nameServer, .. options]);
            string said = (await run.WaitAsync(Patience)).EnsureSuccess().Output;
            if (attempt == MaxTries || !await watch.IsProgramsOwnAsync(said))
            {
                return said;
            }
        }
    }

    /// <summary>Runs one scenario of the kit's check, which makes topics and groups of its own each time; again when one of its programs gave up the name server by itself.</summary>
    /// <param name="scenario">Its name.</param>
    /// <param name="mayRepeat">False where it is to be refused: a client whose connection is ended says the same as one that gave up.</param>
    public async Task<ScenarioResult> CheckAsync(string scenario, bool mayRepeat = true)
    {
        for (int attempt = 1; ; attempt++)
        {
            await using NameServerWatch watch = new(nameServer);
            ScenarioResult result = await CheckOnceAsync(scenario);
            if (result.Passed || !mayRepeat || attempt == MaxTries || !await watch.IsProgramsOwnAsync(result.Log))
            {
                return result with { Verdict = $"{result.Verdict}\nattempt {attempt}, the name server took at most {await watch.EndAsync()}" };
            }
        }
    }

    // Of a send, and of a request's reply: 10 s by themselves.
    private static string[] WithPatience(string command, string[] options) =>
        command is "send" or "request" && !options.Contains("--timeout", StringComparer.Ordinal) ? [.. options, "--timeout", "120000"] : options;

    private async Task<ScenarioResult> CheckOnceAsync(string scenario)
    {
        // The check leaves the logs of what failed below TMPDIR, the client its own in its home: gone with the folder once they are in the result.
        using TempDirectory directory = new();
        ScenarioLogs logs = new(directory.Path);
        Dictionary<string, string> environment = new(_environment, StringComparer.Ordinal)
        {
            ["TMPDIR"] = directory.Path,
            ["ROCKETMQ_CLIENT_HOME"] = logs.PrepareClientHome(),
        };
        try
        {
            ProcessResult result = await ChildProcess.RunAsync(
                Path.Combine(Bin, "rocketmq-check"),
                ["--version", version, "--namesrv", nameServer, "--only", $"^{scenario}$"],
                ScenarioPatience,
                environment);
            bool passed = result.ExitCode == 0 && result.OutputLines.Any(static line => line.StartsWith("1 passed, 0 failed,", StringComparison.Ordinal));
            return new ScenarioResult(passed, result.ToString(), passed ? string.Empty : logs.Tail(scenario));
        }
        catch (TimeoutException exception)
        {
            return new ScenarioResult(Passed: false, exception.Message, logs.Tail(scenario));
        }
    }
}
