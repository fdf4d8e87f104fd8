using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Admin;

/// <summary>Clients of clusters that go while somebody uses them.</summary>
public sealed class ClusterAdminsTests
{
    private static readonly ObjectKey Gone = new(OperatorWorld.Ns, "gone");
    private static readonly ObjectKey There = new(OperatorWorld.Ns, "there");

    [Fact]
    public async Task ForgetGone_ClientThatWasOpenedAfterItsClusterWentIsClosed()
    {
        FakeAdmin gone = new();
        FakeAdmin there = new();
        await using ClusterAdmins admins = new(new ByAddress(new(StringComparer.Ordinal) { ["gone:9876"] = gone, ["there:9876"] = there }), new OneCluster(There));
        admins.Get(There, "there:9876");
        await admins.ForgetAsync(Gone);
        admins.Get(Gone, "gone:9876").Should().BeSameAs(gone, "a pass that began before may ask for it after its cluster was forgotten");

        await admins.ForgetGoneAsync();

        (gone.Disposals, there.Disposals).Should().Be((1, 0));
    }

    [Fact]
    public async Task Pass_ClientClosedMeanwhile_WaitsInsteadOfFailing()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Admin.Fault = static request => ObjectDisposedException.ThrowIf(request is nameof(IRocketMqAdmin.GetTopicConfigAsync) or nameof(IRocketMqAdmin.GetSubscriptionGroupAsync), typeof(FakeAdmin));

        await world.CreateTopicAsync("t", "a");
        await world.CreateGroupAsync("g", "a");

        await world.TopicAsync("t", "Reconciling", "True", Reasons.BrokerUnreachable);
        await world.GroupAsync("g", "Reconciling", "True", Reasons.BrokerUnreachable);
        world.Admin.Fault = null;
        await world.TopicAsync("t", "Ready", "True");
        await world.GroupAsync("g", "Ready", "True");
    }

    [Fact]
    public async Task ClusterIsDeleted_ItsClientIsClosed()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Admin.Disposals.Should().Be(0);

        await world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);

        await Eventually.TrueAsync(() => world.Admin.Disposals > 0, "the client is closed");
    }

    private sealed class ByAddress(Dictionary<string, FakeAdmin> admins) : IRocketMqAdminFactory
    {
        public IRocketMqAdmin Create(string nameServers) => admins[nameServers];
    }

    private sealed class OneCluster(ObjectKey key) : IEntityCache<BrokerCluster>
    {
        public bool HasSynced => true;

        public int Count => 1;

        public IReadOnlyDictionary<ObjectKey, string> Unreadable { get; } = new Dictionary<ObjectKey, string>();

        public BrokerCluster? Get(string? ns, string name) => Get(new ObjectKey(ns, name));

        public BrokerCluster? Get(ObjectKey asked) => asked == key ? new BrokerCluster() : null;

        public IReadOnlyList<BrokerCluster> List(string? ns = null) => throw new NotSupportedException();

        public IReadOnlyList<BrokerCluster> OwnedBy(string ownerUid) => throw new NotSupportedException();

        public IReadOnlyList<BrokerCluster> ByIndex(string index, string value) => throw new NotSupportedException();

        public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
