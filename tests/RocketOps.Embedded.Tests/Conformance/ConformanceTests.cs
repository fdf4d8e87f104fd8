using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>
/// The same requests to the embedded server (always) and to a real kube-apiserver (ring cluster), both compared with the answers recorded from the real
/// one. A difference is a bug of ours. <c>ROCKETOPS_RINGS=cluster ROCKETOPS_UPDATE=1</c> records anew.
/// </summary>
public sealed class ConformanceTests(RealServer real) : IClassFixture<RealServer>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly int[] LongerWatches = [10, 60];

    public static TheoryData<string> Files => [.. ConformanceCase.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task EmbeddedServer_Requests_AnswersAreThoseOfTheRealServer(string file)
    {
        // A bare kube-apiserver runs no controllers either. Bookmarks and slow readers are not what this is about.
        HastyTime time = new();
        await using EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions
        {
            CollectGarbage = false,
            TimeProvider = time,
            BookmarkInterval = TimeSpan.FromDays(1),
            SlowReaderTimeout = TimeSpan.FromDays(1),
        });
        foreach (string crd in ConformanceCase.Crds)
        {
            server.AddCrd(await File.ReadAllTextAsync(crd));
        }

        using HttpClient client = EmbeddedClients.For(server);

        JsonObject answers = await RunAsync(client, file, () =>
        {
            time.NextSecond();
            return Task.CompletedTask;
        });

        JsonObject recorded = (JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(Recorded(file)))!;
        Differences(recorded, answers).Should().BeEmpty();
    }

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task RealServer_Requests_AnswersAreAsRecorded(string file)
    {
        string? reason = RingRules.Current.WhySkipGuest(RingRules.Cluster, SharedKits.WhyMissing(SharedKits.Kube));
        Skip.If(reason is not null, reason);
        using HttpClient client = await real.ClientAsync();

        JsonObject answers = await RunAsync(client, file, NextSecondAsync);

        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
        {
            await File.WriteAllTextAsync(Recorded(file), answers.ToJsonString(Indented) + "\n");
        }

        JsonObject recorded = (JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(Recorded(file)))!;

        // The time of a watch begins before the server has looked for what it is to tell: on a busy machine a second can be over by then.
        foreach (int seconds in LongerWatches)
        {
            ConformanceRunner runner = new(client, NextSecondAsync, seconds);
            foreach (ConformanceCase scenario in ConformanceCase.Load(file).Where(static one => one.Watches))
            {
                if (!JsonNode.DeepEquals(recorded[scenario.Name], answers[scenario.Name]))
                {
                    answers[scenario.Name] = await runner.RunAsync(scenario);
                }
            }
        }

        Differences(recorded, answers).Should().BeEmpty();
    }

    private static string Recorded(string file) => Path.Combine(ConformanceCase.Folder, "Recorded", file + ".json");

    /// <summary>The server runs on this machine and reads its clock.</summary>
    private static Task NextSecondAsync()
    {
        long second = Now();
        return Eventually.TrueAsync(() => Now() != second, "the clock shows the next second");

        static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
    }

    private static async Task<JsonObject> RunAsync(HttpClient client, string file, Func<Task> nextSecond)
    {
        ConformanceRunner runner = new(client, nextSecond);
        JsonObject answers = [];
        foreach (ConformanceCase scenario in ConformanceCase.Load(file))
        {
            answers[scenario.Name] = await runner.RunAsync(scenario);
        }

        return answers;
    }

    /// <summary>Every step that differs, as text a person can act on.</summary>
    private static List<string> Differences(JsonObject expected, JsonObject actual)
    {
        List<string> differences = [];
        foreach ((string name, JsonNode? steps) in actual)
        {
            JsonArray recorded = expected[name] as JsonArray ?? [];
            JsonArray answered = (JsonArray)steps!;
            for (int i = 0; i < Math.Max(recorded.Count, answered.Count); i++)
            {
                JsonNode? want = i < recorded.Count ? recorded[i] : null;
                JsonNode? got = i < answered.Count ? answered[i] : null;
                if (!JsonNode.DeepEquals(want, got))
                {
                    differences.Add($"{name}, step {i}:\n  recorded {want?.ToJsonString()}\n  answered {got?.ToJsonString()}");
                }
            }
        }

        return differences;
    }
}
