using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.LeaderElection;

/// <summary>How many requests an operator may make, and what for.</summary>
public sealed class ElectionRateTests
{
    /// <summary>Whatever the operator has to do, and however many requests of it wait for their turn: its lease ends if it is not renewed.</summary>
    [Fact]
    public async Task Renewal_OfAnOperatorThatHasUsedUpItsRequests_WaitsForNone()
    {
        FakeTimeProvider time = new();
        await using FakeApiPeer peer = await FakeApiPeer.StartAsync();
        await using ServiceProvider services = Services(peer, time);
        IKubernetesClient client = services.GetRequiredService<IKubernetesClient>();
        LeaderElector elector = services.GetRequiredService<OperatorElector>().Elector!;
        peer.Then(StatusCodes.Status404NotFound, "{}");
        await client.GetAsync<Pod>("first", "ns");
        Task<Pod?> second = client.GetAsync<Pod>("second", "ns");
        await Eventually.TrueAsync(() => time.PendingTimers == 1, "a request waits for its turn");

        peer.Then(StatusCodes.Status404NotFound, "{}").Then(Answer("1")).Then(Answer("1")).Then(Answer("2"));
        (await elector.TryAcquireOrRenewAsync(CancellationToken.None).WaitAsync(Eventually.DefaultDeadline)).Should().BeTrue();
        (await elector.TryAcquireOrRenewAsync(CancellationToken.None).WaitAsync(Eventually.DefaultDeadline)).Should().BeTrue();

        second.IsCompleted.Should().BeFalse("nothing has changed for the rest");
        peer.Received.Select(static request => request.Method).Should().Equal("GET", "GET", "POST", "GET", "PUT");
        peer.Then(StatusCodes.Status404NotFound, "{}");
        time.Advance(TimeSpan.FromHours(1));
        await second;

        // What was written last, as a server keeps it.
        RequestDelegate Answer(string version) => async context =>
        {
            JsonNode lease = JsonNode.Parse(peer.Received.Last(static request => request.Body.Length > 0).Body)!;
            lease["metadata"]!["uid"] = "u";
            lease["metadata"]!["resourceVersion"] = version;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(lease.ToJsonString());
        };
    }

    private static ServiceProvider Services(FakeApiPeer peer, TimeProvider time)
    {
        ServiceCollection services = new();
        services.AddSingleton(time);
        services.AddLogging();
        services.AddKubernetesClient(
            _ => new KubernetesClientConfiguration { Server = peer.Address, Namespace = "ns" }, new KubernetesClientOptions { RequestsPerSecond = 1.0 / 3600, Burst = 1 });
        services.AddKubernetesOperator(static settings => settings.Name = "op");
        return services.BuildServiceProvider();
    }
}
