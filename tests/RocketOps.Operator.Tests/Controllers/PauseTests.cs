using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Clusters of which something is left alone for a while.</summary>
public sealed class PauseTests : IAsyncLifetime
{
    private OperatorWorld _world = null!;

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        await _world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await _world.CreateTopicAsync("orders", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await _world.CreateGroupAsync("billing", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.TopicAsync("orders", "Ready", "True");
        await _world.GroupAsync("billing", "Ready", "True");
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Restarts_NoBrokerGoesAndTheRestIsDone()
    {
        await PauseAsync("restarts; reason=sale");
        await _world.ClusterAsync("a", "Paused", "True");
        _world.Workloads.Started.Clear();

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        BrokerCluster waiting = await _world.ClusterAsync("a", "Ready", "False", Reasons.Paused);
        await _world.SaysAsync(waiting, "Paused", said => said.Should().Be("The operator restarts no broker while there is the annotation rocketops.io/paused (sale)."));

        // Before anything else is asked for: while a group comes, nothing would restart without a pause either.
        await _world.PassesAsync(10);
        _world.Workloads.Started.Should().BeEmpty();

        // Who takes a pod away gets one of what ran.
        string ran = await _world.ConfigurationAsync("a-0-0");
        await _world.RecreateAsync("a-0-0");
        await _world.RecreateAsync("a-0-1");
        (await _world.ConfigurationAsync("a-0-0"), await _world.ConfigurationAsync("a-0-1")).Should().Be((ran, ran));
        _world.Workloads.Started.Clear();
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 2);
        await _world.AwaitAsync<Pod>("a-1-1", static _ => true, "a group comes all the same");
        await _world.PassesAsync(5);
        _world.Workloads.Started.Should().NotContain(static pod => pod.StartsWith("a-0", StringComparison.Ordinal));

        await PauseAsync(null);
        await _world.ClusterAsync("a", "Ready", "True");
        _world.Workloads.Started.Should().Contain(["a-0-0", "a-0-1"]);
    }

    [Fact]
    public async Task Topics_NothingIsWrittenNorRemovedAndTheBrokersAreLookedAfter()
    {
        await PauseAsync("topics");
        await _world.ClusterAsync("a", "Paused", "True");
        _world.Admin.Writes.Clear();

        await _world.ChangeAsync<Topic>("orders", static topic => (topic.Spec.ReadQueues, topic.Spec.WriteQueues) = (16, 16));
        await _world.ChangeAsync<ConsumerGroup>("billing", static group => group.Spec.RetryMaxTimes = 3);
        await _world.CreateTopicAsync("new", "a");

        await _world.TopicAsync("orders", "Ready", "False", Reasons.Paused);
        await _world.TopicAsync("new", "Ready", "False", Reasons.Paused);
        await _world.GroupAsync("billing", "Ready", "False", Reasons.Paused);
        await _world.Client.DeleteAsync<Topic>("orders", OperatorWorld.Ns);
        await _world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);
        await _world.AwaitAsync<Topic>("orders", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Reason: Reasons.Paused } && topic.Metadata.DeletionTimestamp is not null, "it waits");
        await _world.Client.DeleteAsync<Service>("a-0-master", OperatorWorld.Ns);
        await _world.AwaitAsync<Service>("a-0-master", static _ => true, "put back");
        await _world.PassesAsync(3);
        _world.Admin.Writes.Should().BeEmpty();

        await PauseAsync("false");
        await _world.GoneAsync<Topic>("orders");
        await _world.GoneAsync<ConsumerGroup>("billing");
        await _world.TopicAsync("new", "Ready", "True");
    }

    [Fact]
    public async Task EndIsOver_GoesOnByItself()
    {
        TimeSpan pause = TimeSpan.FromHours(1);
        string end = (_world.Time.GetUtcNow() + pause).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        await PauseAsync($"true,topics; until={end}");
        await _world.ClusterAsync("a", "Paused", "True");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 1);
        await _world.ChangeAsync<Topic>("orders", static topic => (topic.Spec.ReadQueues, topic.Spec.WriteQueues) = (16, 16));
        await _world.PassesAsync(3);
        (await _world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!.Spec!.Replicas.Should().Be(2);

        _world.Time.Set(pause);

        BrokerCluster done = await _world.ClusterAsync("a", "Ready", "True");
        done.Status!.Brokers.Should().Be("1/1");
        Conditions.Find(done.Status.Conditions, "Paused").Should().BeNull();
        await _world.TopicAsync("orders", "Ready", "True");
    }

    [Fact]
    public async Task CannotBeRead_EverythingIsPausedAndSaysWhatIsWrong()
    {
        await PauseAsync("restarts until monday");

        BrokerCluster paused = await _world.ClusterAsync("a", "Paused", "True", Reasons.InvalidPause);
        await _world.SaysAsync(paused, "Paused", said => said.Should().Contain("\"restarts until monday\" is not true, false, restarts or topics"));
        await _world.Client.DeleteAsync<Service>("a-0-master", OperatorWorld.Ns);
        await _world.PassesAsync(5);
        (await _world.Client.GetAsync<Service>("a-0-master", OperatorWorld.Ns)).Should().BeNull();
        await Eventually.TrueAsync(async () => (await _world.Client.ListAsync<Event>()).Items.Any(static e => e.Reason == Reasons.InvalidPause), "an event tells of it");
    }

    private Task PauseAsync(string? value) =>
        _world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Metadata.Annotations = value is null ? null : new() { [ClusterAnnotations.Paused] = value });
}
