using System.Text.Json;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Operator.Tests.Logging;

/// <summary>What the operator as a process writes in a container: lines of JSON with what their pass was about.</summary>
public sealed class OperatorLogTests : IAsyncLifetime
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "RocketOps.Operator.dll");

    private readonly TempDirectory _directory = new();
    private EmbeddedApiServer _server = null!;
    private KubernetesClient _client = null!;
    private ChildProcess _process = null!;

    public async Task InitializeAsync()
    {
        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        _server.DefineAll();
        _server.WriteKubeconfig(_directory.File("kubeconfig"));
        _client = new KubernetesClient(_server.Administrator, new KubernetesTypes().Add(OperatorJsonContext.Default.Topic));
    }

    public async Task DisposeAsync()
    {
        await _process.DisposeAsync();
        _client.Dispose();
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Passes_ThatFail_EachLineCarriesItsPass()
    {
        // The client asks again within the pass after the first answer, of which it writes a line of its own, and gives up at the second.
        int calls = 0;
        _server.FaultHook = call => call is not { Resource: "topics", Subresource: "status" } ? null
            : Interlocked.Increment(ref calls) % 2 == 1 ? ApiFault.Fail(429, "TooManyRequests") with { RetryAfterSeconds = 0 } : ApiFault.Fail(500, "InternalError");
        Start("--log-level=debug");
        Topic topic = new() { Metadata = new ObjectMeta { Name = "orders", Namespace = "default" } };
        topic.Spec.ClusterRef.Name = "nobody";
        await _client.CreateAsync(topic);
        await Eventually.TrueAsync(() => Failures().Length >= 2, "two passes failed");
        Topic live = (await _client.GetAsync<Topic>("orders", "default"))!;
        live.Spec.ReadQueues = 4;
        await _client.ReplaceAsync(live);

        await Eventually.TrueAsync(() => Failures().Any(static line => Text(line, "generation") == "2"), "a pass over the changed object failed");

        JsonElement[] failures = Failures();
        failures.Select(static line => Text(line, "reconcileID")).Should().OnlyHaveUniqueItems().And.BeInAscendingOrder(StringComparer.Ordinal, "later passes sort behind earlier ones");
        failures.Should().OnlyContain(static line =>
            Text(line, "kind") == "Topic" && Text(line, "namespace") == "default" && Text(line, "name") == "orders" && Text(line, "cluster") == "default/nobody" && Text(line, "level") == "error");
        Text(failures[0], "generation").Should().Be("1");
        Text(failures[0], "exception").Should().Contain(nameof(KubernetesException));

        // The client's own lines of the same pass are found by its id.
        JsonElement[] ofClient = [.. Lines().Where(static line => Text(line, "path").Contains("/topics/orders/status", StringComparison.Ordinal))];
        ofClient.Select(static line => Text(line, "reconcileID")).Should().Contain(Text(failures[0], "reconcileID"));
        ofClient.Should().OnlyContain(static line => Text(line, "name") == "orders" && Text(line, "generation").Length > 0);
    }

    /// <summary>That it is read again, on a clock of their own, is asked by <see cref="LogLevelFileTests"/>.</summary>
    [Fact]
    public async Task LevelFile_Named_SaysWhatIsLogged()
    {
        await File.WriteAllTextAsync(_directory.File("level"), "warn\n");
        Start($"--log-level-file={_directory.File("level")}");
        await Eventually.TrueAsync(() => Lines().Any(static line => Text(line, "event") == "5301" && Text(line, "message").Contains("warn", StringComparison.Ordinal)), "the file is read at the start");
        Lines().Should().NotContain(static line => Text(line, "level") == "debug");
    }

    private static string Text(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private void Start(string argument)
    {
        Dictionary<string, string> inContainer = new(StringComparer.Ordinal) { ["DOTNET_RUNNING_IN_CONTAINER"] = "true" };
        _process = ChildProcess.Start("dotnet", [Program, "--kubeconfig", _directory.File("kubeconfig"), "--http-port=0", "--leader-election=false", "--broker-image=r/broker:1", "--nameserver-image=r/nameserver:1", argument], inContainer);
    }

    private JsonElement[] Failures() => [.. Lines().Where(static line => Text(line, "event") == "52")];

    /// <summary>Every whole line: one that is no object fails the test.</summary>
    private IEnumerable<JsonElement> Lines()
    {
        string output = _process.Output;
        foreach (string line in output[..(output.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument parsed = JsonDocument.Parse(line);
            yield return parsed.RootElement.Clone();
        }
    }
}
