using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A new operator, with newer images, takes over clusters that run.</summary>
public sealed class OperatorUpgradeTests
{
    [Fact]
    public async Task Upgraded_ClusterAsksForNothing_NoPodRestarts()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await CreateAsync(world);
        int started = world.Workloads.Started.Count;

        await UpgradeAsync(world);

        BrokerCluster kept = await world.ClusterAsync("a", "Ready", "True");
        kept.Status!.Version.Should().Be("1");
        kept.Status.Effective.Should().BeEquivalentTo(new { BrokerImage = "test/broker:1", NameServerImage = "test/nameserver:1" });
        world.Workloads.Started.Should().HaveCount(started);
        (await ImageAsync(world, "a-0-0")).Should().Be("test/broker:1");
        (await NameServerImageAsync(world)).Should().Be("test/nameserver:1");
    }

    [Fact]
    public async Task Upgraded_StatusDoesNotTellTheVersion_RunningImagesDo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await CreateAsync(world);
        int started = world.Workloads.Started.Count;
        await world.StopOperatorAsync();
        await Testing.Eventually.TrueAsync(
            async () =>
            {
                BrokerCluster cluster = (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!;
                cluster.Status!.Version = null;
                cluster.Status.Effective = null;
                return (await world.Client.ReplaceStatusAsync(cluster)).Status!.Version is null;
            },
            "the status is as an operator wrote it that knew no versions");

        await world.StartOperatorAsync(Newer);

        BrokerCluster kept = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Version is not null, "tells its version");
        kept.Status!.Version.Should().Be("1");
        await world.PassesAsync(3);
        world.Workloads.Started.Should().HaveCount(started);
    }

    [Fact]
    public async Task Upgraded_ClusterAsksForTheVersion_Rolls()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await CreateAsync(world);
        await UpgradeAsync(world);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Version = "2");

        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Version == "2", "is of the new version");
        await Testing.Eventually.TrueAsync(async () => await ImageAsync(world, "a-0-0") == "test/broker:2" && await ImageAsync(world, "a-0-1") == "test/broker:2", "every broker is of the new version");
        await Testing.Eventually.TrueAsync(async () => await NameServerImageAsync(world) == "test/nameserver:2", "name servers are of the new version");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.MostAway.Should().Be(1);
    }

    /// <summary>Whoever takes back what he asked for has what ran, and not what never did.</summary>
    [Fact]
    public async Task VersionThatDoesNotStart_NotTheClustersOwn()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await CreateAsync(world);
        world.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image != "test/broker:9";
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Version = "9");

        await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.PassesAsync(3);
        (await world.ClusterAsync("a", "Stalled", "True")).Status!.Version.Should().Be("1");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Version = null);

        (await world.ClusterAsync("a", "Ready", "True")).Status!.Version.Should().Be("1");
        (await ImageAsync(world, "a-0-0")).Should().Be("test/broker:1");
        (await ImageAsync(world, "a-0-1")).Should().Be("test/broker:1");
        (await NameServerImageAsync(world)).Should().Be("test/nameserver:1");
    }

    /// <summary>Others have served with it when the last one fails.</summary>
    [Theory]
    [InlineData(1, "a-0-0")]
    [InlineData(2, "a-1-0")]
    public async Task VersionThatNotAllStartWith_NotTheClustersOwn(int groups, string failing)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", spec => (spec.Brokers.Groups, spec.Brokers.Replicas) = (groups, 2));
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Healthy = pod => pod.Spec!.Containers![0].Image != "test/broker:9" || pod.Name() != failing;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Version = "9");

        await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.ClusterAsync("a", "Available", "True");
        await world.PassesAsync(3);
        (await world.ClusterAsync("a", "Stalled", "True")).Status!.Version.Should().Be("1");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Version = null);

        (await world.ClusterAsync("a", "Ready", "True")).Status!.Version.Should().Be("1");
        await world.AllServeAsync("test/broker:1");
    }

    [Fact]
    public async Task NewClustersVersionDoesNotStart_BeginsWithTheOperatorsWhenItIsTakenBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image != "test/broker:9";
        await world.CreateClusterAsync("b", static spec => spec.Version = "9");
        await world.AwaitAsync<Pod>("b-0-0", static pod => pod.Status?.PodIP is not null, "it is made, and fails");
        await world.PassesAsync(3);
        (await world.Client.GetAsync<BrokerCluster>("b", OperatorWorld.Ns))!.Status!.Version.Should().BeNull();

        await world.ChangeAsync<BrokerCluster>("b", static cluster => cluster.Spec.Version = null);

        (await world.ClusterAsync("b", "Ready", "True")).Status!.Version.Should().Be("1");
        (await ImageAsync(world, "b-0-0")).Should().Be("test/broker:1");
    }

    /// <summary>Each would stop at its first pod: an image of which the operator knows that it does not take the file.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upgraded_ConfigurationNotTakenByTheVersion_NoPodIsMovedToIt(bool follows)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await CreateAsync(world);
        await world.StopOperatorAsync();

        // Of the version before, whose keys this operator does not know.
        await world.StartOperatorAsync(options => Newer(options) with { UpgradesClusters = false });
        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Brokers.Config, cluster.Spec.NameServer.Config) = (new() { ["onceThere"] = "1" }, new() { ["onceThere"] = "1" }));
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.ObservedGeneration == cluster.Metadata.Generation && Conditions.IsTrue(cluster.Status.Conditions, "Ready"), "runs with it");
        string configuration = await world.ConfigurationAsync("a-0-0");
        int started = world.Workloads.Started.Count;

        if (follows)
        {
            await world.StopOperatorAsync();
            await world.StartOperatorAsync(options => Newer(options) with { UpgradesClusters = true });
        }
        else
        {
            await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Version = "2");
        }

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("onceThere").And.EndWith("What runs keeps the configuration and the image it has; set it right, or set it back."));
        await world.PassesAsync(3);
        stalled = await world.ClusterAsync("a", "Stalled", "True");
        stalled.Status!.Version.Should().Be("1");
        stalled.Status.Effective.Should().BeEquivalentTo(new { BrokerImage = "test/broker:1", NameServerImage = "test/nameserver:1" });
        (await ImageAsync(world, "a-0-0")).Should().Be("test/broker:1");
        (await world.ConfigurationAsync("a-0-0")).Should().Be(configuration);
        (await NameServerImageAsync(world)).Should().Be("test/nameserver:1");
        world.Workloads.Started.Should().HaveCount(started);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Brokers.Config, cluster.Spec.NameServer.Config) = (null, null));

        await Testing.Eventually.TrueAsync(async () => await ImageAsync(world, "a-0-0") == "test/broker:2" && await ImageAsync(world, "a-0-1") == "test/broker:2", "set right, it goes on");
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Version == "2", "is of the new version");
        (await world.ClusterAsync("a", "Ready", "True")).Status!.Version.Should().Be("2");
    }

    [Fact]
    public async Task Upgraded_ClustersFollow_Rolls()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await CreateAsync(world);
        await world.StopOperatorAsync();

        await world.StartOperatorAsync(static options => Newer(options) with { UpgradesClusters = true });

        await Testing.Eventually.TrueAsync(async () => await ImageAsync(world, "a-0-0") == "test/broker:2", "the cluster follows");
    }

    [Fact]
    public async Task Upgraded_NewCluster_BeginsWithTheOperatorsVersion()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await UpgradeAsync(world);

        await world.CreateClusterAsync("b");

        (await world.ClusterAsync("b", "Ready", "True")).Status!.Version.Should().Be("2");
    }

    [Theory]
    [InlineData("registry:5000/x/broker:1.2", "1.2")]
    [InlineData("broker", null)]
    [InlineData("x/broker@sha256:00", null)]
    public void Version_OfAnImage_IsItsTag(string image, string? version)
    {
        OperatorImages images = new(image, "x/nameserver:9");

        images.Version.Should().Be(version ?? OperatorImages.Default.Version);
        images.Of("7").Broker.Should().Be(image.Split('@')[0].Replace(":1.2", "", StringComparison.Ordinal) + ":7");
        images.Of("7").NameServer.Should().Be("x/nameserver:7");
        images.VersionOf("other/broker:1").Should().BeNull();
    }

    private static OperatorOptions Newer(OperatorOptions options) => options with { Images = new OperatorImages("test/broker:2", "test/nameserver:2") };

    private static async Task UpgradeAsync(OperatorWorld world)
    {
        await world.StopOperatorAsync();
        await world.StartOperatorAsync(Newer);
        if (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns) is not null)
        {
            await world.PassesAsync(3);
        }
    }

    private static async Task CreateAsync(OperatorWorld world)
    {
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
    }

    private static async Task<string?> ImageAsync(OperatorWorld world, string pod) => (await world.Client.GetAsync<Pod>(pod, OperatorWorld.Ns))?.Spec!.Containers![0].Image;

    private static async Task<string?> NameServerImageAsync(OperatorWorld world) =>
        (await world.Client.GetAsync<Deployment>("a-nameserver", OperatorWorld.Ns))?.Spec!.Template!.Spec!.Containers![0].Image;
}
