using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Definitions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Definitions;

/// <summary>An operator does not begin with definitions that are older than it.</summary>
public sealed class DefinitionCheckTests : IAsyncLifetime
{
    private EmbeddedApiServer _server = null!;

    public async Task InitializeAsync() => _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Start_DefinitionLacksAField_NamesItAndRefuses()
    {
        Define("topics.rocketops.io", static _ => { });
        Define("brokerclusters.rocketops.io", static schema => schema["status"]!["properties"]!.AsObject().Remove("restarts"));

        Func<Task> start = StartAsync;

        (await start.Should().ThrowAsync<OutdatedDefinitionsException>()).WithMessage(
            "The definitions (CRDs) of rocketops.io on the API server are older than this operator. They lack BrokerCluster status.restarts. Apply those that came with it first*");
    }

    [Fact]
    public async Task Start_DefinitionLacksSomethingFarBelow_NamesIt()
    {
        Define("brokerclusters.rocketops.io", static schema => schema["status"]!["properties"]!["groups"]!["items"]!["properties"]!["members"]!["items"]!["properties"]!.AsObject().Remove("podUid"));

        Func<Task> start = StartAsync;

        (await start.Should().ThrowAsync<OutdatedDefinitionsException>()).WithMessage("*They lack BrokerCluster status.groups[].members[].podUid. *");
    }

    [Fact]
    public async Task Start_DefinitionDoesNotKnowAWord_NamesItAndBeginsOnceItIsRenewed()
    {
        Define("brokerclusters.rocketops.io", static _ => { });
        Define("topics.rocketops.io", static schema => schema["spec"]!["properties"]!["adoptionPolicy"]!["enum"]!.AsArray().RemoveAt(2));
        Func<Task> start = StartAsync;
        (await start.Should().ThrowAsync<OutdatedDefinitionsException>()).WithMessage("*They lack Topic spec.adoptionPolicy=Fail. *");

        Define("topics.rocketops.io", static _ => { });

        await start.Should().NotThrowAsync();
    }

    /// <summary>Nothing is known then, and its caches wait for them.</summary>
    [Fact]
    public async Task Start_NoDefinitions_Begins()
    {
        Func<Task> start = StartAsync;

        await start.Should().NotThrowAsync();
    }

    /// <summary>An older release was rolled back to, or somebody applied old definitions: fields of what people asked for are gone too.</summary>
    [Fact]
    public async Task Running_OlderDefinitionsAreApplied_EndsAndSaysWhy()
    {
        Define("topics.rocketops.io", static _ => { });
        Define("consumergroups.rocketops.io", static _ => { });
        Define("brokerclusters.rocketops.io", static _ => { });
        await using OperatorHost host = await StartHostAsync();
        Define("brokerclusters.rocketops.io", static schema => schema["status"]!["properties"]!.AsObject().Remove("effective"));

        using KubernetesClient client = new(_server.Administrator, new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster));
        await client.CreateAsync(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } });

        await host.Stopped.WaitAsync(Eventually.DefaultDeadline);
        host.Failure.Should().BeOfType<OutdatedDefinitionsException>().Which.Message.Should().Contain("They lack BrokerCluster status.effective");
    }

    /// <summary>No status is refused then: what people asked for in that field is dropped, and looks as if they had not.</summary>
    [Fact]
    public async Task Running_DefinitionsThatLackAFieldOfTheSpecAreApplied_EndsAndSaysWhy()
    {
        Define("topics.rocketops.io", static _ => { });
        Define("consumergroups.rocketops.io", static _ => { });
        Define("brokerclusters.rocketops.io", static _ => { });
        await using OperatorHost host = await StartHostAsync(TimeSpan.FromMilliseconds(20));

        Define("brokerclusters.rocketops.io", static schema => schema["spec"]!["properties"]!["replication"]!["properties"]!.AsObject().Remove("apiOutage"));

        await host.Stopped.WaitAsync(Eventually.DefaultDeadline);
        host.Failure.Should().BeOfType<OutdatedDefinitionsException>().Which.Message.Should().Contain("They lack BrokerCluster spec.replication.apiOutage");
    }

    /// <summary>A proxy in front of the API server answers for it with its own page, and with 200.</summary>
    [Fact]
    public async Task Running_WhatIsPublishedIsNoDocument_GoesOn()
    {
        IKubernetesClient client = Substitute.For<IKubernetesClient>();
        client.Types.Returns(new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic).Add(OperatorJsonContext.Default.ConsumerGroup));
        client.SendAsync(HttpMethod.Get, "openapi/v3").ReturnsForAnyArgs((JsonNode?)"<html>Please wait</html>");
        using DefinitionCheck check = new(client, new OperatorOptions { DefinitionInterval = TimeSpan.FromMilliseconds(1) }, TimeProvider.System, NullLogger<DefinitionCheck>.Instance);

        await check.StartAsync(CancellationToken.None);

        await Eventually.TrueAsync(() => client.ReceivedCalls().Count(static call => call.GetMethodInfo().Name == nameof(IKubernetesClient.SendAsync)) > 5, "it looks again and again");
        await check.StopAsync(CancellationToken.None);
        check.ExecuteTask!.IsFaulted.Should().BeFalse();
    }

    /// <summary>The index says that they are others, and they cannot be read at that moment: they do not count as looked at.</summary>
    [Fact]
    public async Task Running_OlderDefinitionsCannotBeReadAtFirst_AreReadAgain()
    {
        const string Published = "apis/rocketops.io/v1beta1";
        IKubernetesClient client = Substitute.For<IKubernetesClient>();
        client.Types.Returns(new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic).Add(OperatorJsonContext.Default.ConsumerGroup));
        JsonNode older = JsonNode.Parse("""{"components":{"schemas":{"older":{"x-kubernetes-group-version-kind":[{"kind":"BrokerCluster"}],"properties":{}}}}}""")!;
        Get(client, "openapi/v3").Returns(Index("known"), Index("another"));
        Get(client, $"openapi/v3/{Published}").Returns(static _ => new JsonObject(), static _ => throw new HttpRequestException("away"), _ => older);
        using DefinitionCheck check = new(
            client, new OperatorOptions { DefinitionGrace = TimeSpan.Zero, DefinitionInterval = TimeSpan.FromMilliseconds(5) }, TimeProvider.System, NullLogger<DefinitionCheck>.Instance);

        await check.StartAsync(CancellationToken.None);

        await FluentActions.Awaiting(() => check.ExecuteTask!.WaitAsync(Eventually.DefaultDeadline)).Should().ThrowAsync<OutdatedDefinitionsException>();

        static Task<JsonNode?> Get(IKubernetesClient client, string path) => client.SendAsync(HttpMethod.Get, path, Arg.Any<JsonNode?>(), Arg.Any<string>(), Arg.Any<CancellationToken>());

        static JsonNode Index(string hash) => new JsonObject { ["paths"] = new JsonObject { [Published] = new JsonObject { ["serverRelativeURL"] = hash } } };
    }

    /// <param name="name">Of a definition in deploy/crds.</param>
    /// <param name="change">Changes the properties of its schema.</param>
    private void Define(string name, Action<JsonObject> change)
    {
        JsonNode definition = Yaml.ReadAll(File.ReadAllText(Repository.Path("deploy", "crds", name + ".yaml"))).Single();
        change(definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!.AsObject());
        _server.AddCrd(definition.ToJsonString());
    }

    private async Task StartAsync() => await (await StartHostAsync()).DisposeAsync();

    /// <param name="interval">How often a running operator looks; null for never.</param>
    private Task<OperatorHost> StartHostAsync(TimeSpan? interval = null) => OperatorHost.StartAsync(
        _server.Administrator,
        new OperatorOptions { LeaderElection = false, AdminTimeout = Eventually.DefaultDeadline, DefinitionGrace = TimeSpan.Zero, DefinitionInterval = interval ?? Timeout.InfiniteTimeSpan },
        static services => services.AddSingleton<IRocketMqAdminFactory>(new FakeAdminFactory(new FakeAdmin())));
}
