using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.LeaderElection;

/// <summary>Who leads no longer writes nothing, from the moment its lease has run out by its own clock.</summary>
public sealed class LeaderFenceTests
{
    private readonly FakeKubernetesClient _client = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Write_LeaseHasRunOutWhileTheProcessStoodStill_NothingIsSent()
    {
        LeaderElector elector = new(_client, new LeaderElectionOptions { LeaseName = "op", LeaseNamespace = "system", Identity = "a" }, _time);
        LeaderFence fence = new(_client, new WriteGuard(() => elector.IsLeader));
        await elector.TryAcquireOrRenewAsync(CancellationToken.None);
        await fence.CreateAsync(Settings("one"));

        _time.Advance(TimeSpan.FromSeconds(15));

        await ((Func<Task>)(() => fence.CreateAsync(Settings("two")))).Should().ThrowAsync<NotLeadingException>();
        (await fence.GetAsync<ConfigMap>("one", "default")).Should().NotBeNull("to look does no harm");
        (await _client.GetAsync<ConfigMap>("two", "default")).Should().BeNull();
        await elector.TryAcquireOrRenewAsync(CancellationToken.None);
        await fence.CreateAsync(Settings("two"));
    }

    [Fact]
    public async Task EveryWrite_IsFenced()
    {
        LeaderFence fence = new(_client, new WriteGuard(static () => false));
        ConfigMap map = Settings("one");
        Func<Task>[] writes =
        [
            () => fence.CreateAsync(map),
            () => fence.ReplaceAsync(map),
            () => fence.ReplaceStatusAsync(map),
            () => fence.PatchAsync<ConfigMap>("one", "default", KubernetesPatch.Merge([])),
            () => fence.ApplyAsync(map, new ApplyOptions("op")),
            () => fence.ApplyStatusAsync(map, new ApplyOptions("op")),
            () => fence.DeleteAsync<ConfigMap>("one", "default"),
            () => fence.EvictAsync("pod", "default"),
            () => fence.SendAsync(HttpMethod.Post, "api/v1/namespaces/default/configmaps", new JsonObject()),
        ];

        foreach (Func<Task> write in writes)
        {
            await write.Should().ThrowAsync<NotLeadingException>();
        }
    }

    private static ConfigMap Settings(string name) => new() { Metadata = new ObjectMeta { Name = name, Namespace = "default" } };
}
