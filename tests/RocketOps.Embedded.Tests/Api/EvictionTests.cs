using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Tests.Api;

/// <summary>Evictions beyond what a bare kube-apiserver can be asked: this server counts the pods itself.</summary>
public sealed class EvictionTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";

    [Fact]
    public async Task Evict_TwoOfThreeAtOnce_BudgetOfOneLetsOneGo()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        string set = """{"metadata":{"name":"s"},"spec":{"replicas":3,"serviceName":"s","selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""";
        JsonNode uid = (await api.SendAsync("POST", "/apis/apps/v1/namespaces/default/statefulsets", set)).Body["metadata"]!["uid"]!;
        await BudgetAsync(api, """{"maxUnavailable":1,"selector":{"matchLabels":{"app":"x"}}}""");
        foreach (string name in (string[])["a", "b", "c"])
        {
            await PodAsync(api, name, isReady: true, $$$""","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"s","uid":"{{{uid}}}","controller":true}]""");
        }

        (int Code, JsonObject Body)[] answers = await Task.WhenAll(EvictAsync(api, "a"), EvictAsync(api, "b"));

        answers.Select(answer => answer.Code).Should().BeEquivalentTo([201, 429]);
        answers.Single(answer => answer.Code == 429).Body["details"]!["causes"]![0]!.ToJsonString()
            .Should().Be("""{"reason":"DisruptionBudget","message":"The disruption budget x needs 2 healthy pods and has 2 currently"}""");
        (await api.SendAsync("GET", Pods)).Body["items"]!.AsArray().Should().HaveCount(2, "no kubelet keeps a pod that is deleted here");
    }

    [Theory]
    [InlineData("""{"minAvailable":2,"selector":{"matchLabels":{"app":"x"}}}""", 429)]
    [InlineData("""{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}""", 201)]
    [InlineData("""{"minAvailable":2,"unhealthyPodEvictionPolicy":"AlwaysAllow","selector":{"matchLabels":{"app":"x"}}}""", 201)]
    public async Task Evict_PodThatIsNotReady_GoesWhereTheBudgetIsKeptWithoutItOrSaysSo(string budget, int code)
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        await BudgetAsync(api, budget);
        await PodAsync(api, "a", isReady: true);
        await PodAsync(api, "b", isReady: false);

        (await EvictAsync(api, "b")).Code.Should().Be(code);
    }

    private static Task<(int Code, JsonObject Body)> EvictAsync(ApiTestServer api, string pod) =>
        api.SendAsync("POST", $"{Pods}/{pod}/eviction", $$$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{{pod}}}"}}""");

    private static async Task BudgetAsync(ApiTestServer api, string spec) => (await api.SendAsync(
        "POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", $$$"""{"metadata":{"name":"x"},"spec":{{{spec}}} }""")).Code.Should().Be(201);

    private static async Task PodAsync(ApiTestServer api, string name, bool isReady, string metadata = "")
    {
        string pod = $$$"""{"metadata":{"name":"{{{name}}}","labels":{"app":"x"}{{{metadata}}} },"spec":{"containers":[{"name":"c","image":"i"}]}}""";
        (await api.SendAsync("POST", Pods, pod)).Code.Should().Be(201);
        string status = $$$"""{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"{{{isReady}}}"}]}}""";
        (await api.SendAsync("PATCH", $"{Pods}/{name}/status", status, "application/merge-patch+json")).Code.Should().Be(200);
    }
}
