using System.Text.Json.Nodes;
using RocketOps.Cli.Running;
using RocketOps.Cli.Up;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class ManifestApplierTests : IAsyncLifetime
{
    private const string Text = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: {name: a}
        spec:
          brokers:
            groups: 2
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: {name: t}
        spec:
          clusterRef: {name: a}
          readQueues: 8
          writeQueues: 8
        """;

    private EmbeddedApiServer _server = null!;
    private KubernetesClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        foreach (string crd in Directory.GetFiles(Path.Combine(SharedKits.RepositoryRoot, "deploy", "crds"), "*.yaml"))
        {
            _server.AddCrd(await File.ReadAllTextAsync(crd));
        }

        _client = new KubernetesClient(new KubernetesClientConfiguration { Server = _server.Address, Token = _server.Token, CertificateAuthorityPem = _server.CaCertificatePem });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Apply_ObjectWasChangedByHand_TellsWhatIsChangedBack()
    {
        (await ApplyAsync(Text)).Should().BeEmpty("there was nothing before");
        (await ApplyAsync(Text)).Should().BeEmpty("nothing differs");
        await PatchAsync("topics/t", """{"metadata":{"labels":{"mine":"1"}},"spec":{"readQueues":16,"permission":"Read"}}""");

        IReadOnlyList<string> changes = await ApplyAsync(Text);

        changes.Should().Equal("Topic t: spec.readQueues 16 -> 8, as m.yaml:13 says");
        (await ApplyAsync(Text)).Should().BeEmpty("it was changed back");
    }

    [Theory]
    [InlineData("groups: 2", "gruops: 2", 6, "field not declared in schema. Did you mean groups?")]
    [InlineData("groups: 2", "groups: two", 6, "expected numeric")]
    [InlineData("writeQueues: 8", "writeQueues: 9", 11, "writeQueues must not be larger than readQueues")]
    [InlineData("{name: t}", "{name: t, lables: {a: b}}", 10, "Did you mean labels?")]
    [InlineData("kind: Topic", "kind: Topik", 8, "there is no kind Topik in rocketops.io/v1beta1 here. Did you mean Topic?")]
    [InlineData("kind: Topic", "kind: Queue", 8, "there is no kind Queue in rocketops.io/v1beta1 here. There is BrokerCluster, ConsumerGroup, Topic.")]
    public async Task Apply_Mistake_NamesItsLineAndWhatWasMeant(string right, string wrong, int line, string expected)
    {
        Func<Task> apply = () => ApplyAsync(Text.Replace(right, wrong, StringComparison.Ordinal));

        (await apply.Should().ThrowAsync<CommandFailedException>()).Which.Message.Should().StartWith($"m.yaml:{line}: ").And.Contain(expected);
    }

    [Fact]
    public async Task Apply_OtherVersion_TellsWhichThereIs()
    {
        Func<Task> apply = () => ApplyAsync(Text.Replace("v1beta1", "v1", StringComparison.Ordinal));

        (await apply.Should().ThrowAsync<CommandFailedException>()).WithMessage("*no kind BrokerCluster in rocketops.io/v1 here. There is rocketops.io/v1beta1.");
    }

    [Fact]
    public async Task Apply_CannotBeChangedBack_SaysWhyAndChangesNothing()
    {
        string text = Text.Replace("groups: 2", "storage: {storageClassName: slow}", StringComparison.Ordinal);
        await ApplyAsync(text.Replace("slow", "fast", StringComparison.Ordinal));

        Func<Task> apply = () => ApplyAsync(text);

        (await apply.Should().ThrowAsync<CommandFailedException>()).WithMessage("m.yaml:6: *storage.storageClassName cannot change*");
    }

    private async Task<IReadOnlyList<string>> ApplyAsync(string text)
    {
        List<string> changes = [];
        foreach (Manifest manifest in Manifest.Read("m.yaml", text))
        {
            changes.AddRange(await new ManifestApplier(_client).ApplyAsync(manifest, CancellationToken.None));
        }

        return changes;
    }

    private Task<JsonNode?> PatchAsync(string path, string patch) =>
        _client.SendAsync(HttpMethod.Patch, $"apis/rocketops.io/v1beta1/namespaces/default/{path}", JsonNode.Parse(patch), KubernetesMediaTypes.MergePatch);
}
