using System.Text.Json.Nodes;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Api;

public sealed class CollectionTests
{
    private const string Foreground = """{"propagationPolicy":"Foreground"}""";
    private const string Orphan = """{"propagationPolicy":"Orphan"}""";

    [Fact]
    public async Task Owner_Deleted_TakesItsDependentsAlong()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        JsonObject owner = await api.CreateAsync("owner");
        JsonObject child = await api.CreateAsync("child", ApiTestServer.OwnedBy(owner));
        await api.CreateAsync("grandchild", ApiTestServer.OwnedBy(child));

        await api.SendAsync("DELETE", $"{ApiTestServer.Widgets}/owner");

        await Eventually.TrueAsync(async () => await api.CodeAsync($"{ApiTestServer.Widgets}/grandchild") == 404, "dependents of dependents go as well");
        (await api.CodeAsync($"{ApiTestServer.Widgets}/child")).Should().Be(404);
    }

    [Fact]
    public async Task Dependent_OfAnOwnerThatNeverExisted_IsDeleted()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();

        await api.CreateAsync("lost", ""","ownerReferences":[{"apiVersion":"conformance.rocketops.io/v1beta1","kind":"Widget","name":"x","uid":"1ffc596f-9c3a-4034-b943-4a06a4650ecc"}]""");

        await Eventually.TrueAsync(async () => await api.CodeAsync($"{ApiTestServer.Widgets}/lost") == 404, "nobody owns it");
    }

    [Fact]
    public async Task Dependent_OfAKindNobodyServes_Stays()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        await api.CreateAsync("kept", ""","ownerReferences":[{"apiVersion":"nope.io/v1","kind":"Nope","name":"x","uid":"1ffc596f-9c3a-4034-b943-4a06a4650ecc"}]""");

        // A collection that must happen, afterwards, shows that the loop has passed the first.
        await api.CreateAsync("lost", ""","ownerReferences":[{"apiVersion":"conformance.rocketops.io/v1beta1","kind":"Widget","name":"x","uid":"1ffc596f-9c3a-4034-b943-4a06a4650ecc"}]""");
        await Eventually.TrueAsync(async () => await api.CodeAsync($"{ApiTestServer.Widgets}/lost") == 404, "nobody owns it");

        (await api.CodeAsync($"{ApiTestServer.Widgets}/kept")).Should().Be(200);
    }

    [Fact]
    public async Task Foreground_WithABlockingDependent_WaitsForIt()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        JsonObject owner = await api.CreateAsync("owner");
        await api.CreateAsync("child", ApiTestServer.OwnedBy(owner, block: true) + ",\"finalizers\":[\"x.io/f\"]");

        await api.SendAsync("DELETE", $"{ApiTestServer.Widgets}/owner", Foreground);
        await Eventually.TrueAsync(
            async () => (await api.SendAsync("GET", $"{ApiTestServer.Widgets}/child")).Body["metadata"]!["deletionTimestamp"] is not null, "the dependent is marked");
        (await api.CodeAsync($"{ApiTestServer.Widgets}/owner")).Should().Be(200);
        await api.SendAsync("PATCH", $"{ApiTestServer.Widgets}/child", """{"metadata":{"finalizers":null}}""", "application/merge-patch+json");

        await Eventually.TrueAsync(async () => await api.CodeAsync($"{ApiTestServer.Widgets}/owner") == 404, "the owner follows its dependent");
    }

    [Fact]
    public async Task Orphan_Dependents_LoseTheReferenceAndLive()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        JsonObject owner = await api.CreateAsync("owner");
        await api.CreateAsync("child", ApiTestServer.OwnedBy(owner));

        await api.SendAsync("DELETE", $"{ApiTestServer.Widgets}/owner", Orphan);

        await Eventually.TrueAsync(async () => await api.CodeAsync($"{ApiTestServer.Widgets}/owner") == 404, "the owner goes");
        (await api.SendAsync("GET", $"{ApiTestServer.Widgets}/child")).Body["metadata"]!["ownerReferences"].Should().BeNull();
    }

    [Fact]
    public async Task Namespace_Deleted_EmptiesItselfAndRefusesNewContent()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        await api.SendAsync("POST", "/api/v1/namespaces", """{"metadata":{"name":"d2"}}""");
        string widgets = ApiTestServer.Widgets.Replace("/default/", "/d2/", StringComparison.Ordinal);
        const string widget = """{"apiVersion":"conformance.rocketops.io/v1beta1","kind":"Widget","metadata":{"name":"a","finalizers":["x.io/f"]},"spec":{"replicas":1}}""";
        await api.SendAsync("POST", widgets, widget);

        JsonObject deleted = (await api.SendAsync("DELETE", "/api/v1/namespaces/d2")).Body;
        (int code, JsonObject refused) = await api.SendAsync("POST", widgets, widget.Replace("\"a\"", "\"y\"", StringComparison.Ordinal));
        await Eventually.TrueAsync(
            async () => (await api.SendAsync("GET", $"{widgets}/a")).Body["metadata"]!["deletionTimestamp"] is not null, "its content is deleted");
        await api.SendAsync("PATCH", $"{widgets}/a", """{"metadata":{"finalizers":null}}""", "application/merge-patch+json");

        deleted["status"]!["phase"]!.ToString().Should().Be("Terminating");
        code.Should().Be(403);
        refused["message"]!.ToString().Should().Be("widgets.conformance.rocketops.io \"y\" is forbidden: unable to create new content in namespace d2 because it is being terminated");
        await Eventually.TrueAsync(async () => await api.CodeAsync("/api/v1/namespaces/d2") == 404, "an empty namespace goes");
    }
}
