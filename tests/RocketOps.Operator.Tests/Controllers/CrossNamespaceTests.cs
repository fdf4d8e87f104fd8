using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Topics and consumer groups beside the applications that use them, on a cluster of another namespace that consents.</summary>
public sealed class CrossNamespaceTests : IAsyncLifetime
{
    private OperatorWorld _world = null!;

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        await _world.Client.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = "shop" } });
        await _world.Client.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = "other" } });
        await _world.CreateClusterAsync("a");
        await _world.ClusterAsync("a", "Ready", "True");
    }

    public Task DisposeAsync() => _world.DisposeAsync().AsTask();

    [Fact]
    public async Task Reconcile_WithoutConsent_NothingIsWritten()
    {
        await CreateTopicAsync("shop", "events");
        await CreateGroupAsync("shop", "billing");

        Topic topic = await TopicAsync("shop", "events", "Reconciling", Reasons.ClusterNotFound);
        await GroupAsync("shop", "billing", "Reconciling");

        Conditions.Find(topic.Status!.Conditions, "Ready")!.Message.Should().Be("There is no BrokerCluster a in namespace default that allows objects of namespace shop (its spec.allowedNamespaces).");
        _world.Admin.Writes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("*")]
    public async Task Reconcile_WithConsent_OnTheCluster(string allowed)
    {
        await CreateTopicAsync("shop", "events");
        await CreateGroupAsync("shop", "billing");

        await AllowAsync(allowed);

        (await TopicAsync("shop", "events", "Ready")).Status!.Cluster.Should().Be("default/a");
        (await GroupAsync("shop", "billing", "Ready")).Status!.Cluster.Should().Be("default/a");
        string master = _world.Master("a-0");
        _world.Admin.Topic(master, "events").Should().NotBeNull();
        _world.Admin.Group(master, "billing").Should().NotBeNull();
    }

    [Fact]
    public async Task Reconcile_OlderObjectOfANamespaceWithoutConsent_DecidesNothing()
    {
        await CreateTopicAsync("other", "events");
        await TopicAsync("other", "events", "Reconciling", Reasons.ClusterNotFound);

        await _world.CreateTopicAsync("events", "a");

        await _world.TopicAsync("events", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_TopicOfANamespaceWithoutConsent_CountsAsUnmanaged()
    {
        _world.Admin.Put(_world.Master("a-0"), new Client.TopicConfig { Name = "events" });
        await CreateTopicAsync("shop", "events");
        await _world.CreateTopicAsync("t", "a");
        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.UnmanagedTopics is { Count: 1, Names: ["events"] }, "it is nobody's");

        await AllowAsync("shop");

        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.UnmanagedTopics is null, "it is the object's");
    }

    [Fact]
    public async Task Reconcile_TwoNamespacesWithConsent_OldestWinsAndIsNamed()
    {
        await AllowAsync("shop");
        await _world.CreateTopicAsync("events", "a");
        await _world.TopicAsync("events", "Ready", "True");

        await CreateTopicAsync("shop", "events");

        Topic second = await TopicAsync("shop", "events", "Stalled", Reasons.ResourceConflict);
        Conditions.Find(second.Status!.Conditions, "Ready")!.Message.Should().StartWith("Topic default/events is older and has events already.");
    }

    [Fact]
    public async Task Delete_ConsentWithdrawn_NothingIsRemovedUntilForced()
    {
        await AllowAsync("shop");
        await CreateTopicAsync("shop", "events", DeletionPolicy.Delete);
        await TopicAsync("shop", "events", "Ready");
        await AllowAsync();
        _world.Admin.Writes.Clear();

        await _world.Client.DeleteAsync<Topic>("events", "shop");
        await Eventually.TrueAsync(
            async () => Conditions.Find((await _world.Client.GetAsync<Topic>("events", "shop"))?.Status?.Conditions, "Ready")?.Message.Contains("does not allow objects of namespace shop any more", StringComparison.Ordinal) == true,
            "says why it waits");
        _world.Admin.Writes.Should().BeEmpty();

        await Eventually.TrueAsync(
            () => _world.Client.TryChangeAsync<Topic>(
                "events",
                "shop",
                static topic => topic.Metadata.Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [DeletionAnnotations.ForceDelete] = "true" }),
            "events can be changed");
        await Eventually.TrueAsync(async () => await _world.Client.GetAsync<Topic>("events", "shop") is null, "the object goes");
        _world.Admin.Writes.Should().BeEmpty();
    }

    private Task AllowAsync(params string[] namespaces) => _world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.AllowedNamespaces = [.. namespaces]);

    private Task<Topic> CreateTopicAsync(string ns, string name, DeletionPolicy policy = DeletionPolicy.Retain)
    {
        Topic topic = new() { Metadata = new ObjectMeta { Name = name, Namespace = ns } };
        topic.Spec.ClusterRef = new ClusterReference { Name = "a", Namespace = OperatorWorld.Ns };
        topic.Spec.DeletionPolicy = policy;
        return _world.Client.CreateAsync(topic);
    }

    private Task<ConsumerGroup> CreateGroupAsync(string ns, string name)
    {
        ConsumerGroup group = new() { Metadata = new ObjectMeta { Name = name, Namespace = ns } };
        group.Spec.ClusterRef = new ClusterReference { Name = "a", Namespace = OperatorWorld.Ns };
        return _world.Client.CreateAsync(group);
    }

    private async Task<Topic> TopicAsync(string ns, string name, string type, string? reason = null)
    {
        Topic? topic = null;
        await Eventually.TrueAsync(
            async () => (topic = await _world.Client.GetAsync<Topic>(name, ns)) is not null && Conditions.Find(topic.Status?.Conditions, type) is { Status: "True" } condition && (reason is null || condition.Reason == reason),
            $"{ns}/{name} is {type}");
        return topic!;
    }

    private async Task<ConsumerGroup> GroupAsync(string ns, string name, string type)
    {
        ConsumerGroup? group = null;
        await Eventually.TrueAsync(
            async () => (group = await _world.Client.GetAsync<ConsumerGroup>(name, ns)) is not null && Conditions.IsTrue(group.Status?.Conditions, type), $"{ns}/{name} is {type}");
        return group!;
    }
}
