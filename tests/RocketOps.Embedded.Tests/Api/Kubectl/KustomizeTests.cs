using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Yaml;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>What <c>deploy/kustomize</c> builds: objects that an API server takes, with the shipped rights and the chart's images. That it is what the chart renders is asked in the cluster ring.</summary>
[Collection(KitKubectlCollection.Name)]
public sealed class KustomizeTests(KitKubectl kubectl)
{
    // The embedded API has no admission; the policies are tried on a real API server (ShippedPoliciesTests).
    private static readonly string[] NotHere = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];

    [SkippableTheory]
    [InlineData("deploy/kustomize", "")]
    [InlineData("deploy/kustomize/registry", "")]
    [InlineData("deploy/kustomize/namespaced", "shop")]
    [InlineData("deploy/kustomize/namespaces", "shop,billing")]
    public async Task Build_EveryObject_IsTakenByTheApi(string folder, string namespaces)
    {
        IReadOnlyList<JsonObject> objects = await BuildAsync(folder);
        using TempDirectory directory = new();
        await using EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        server.WriteKubeconfig(directory.File("kubeconfig"));
        foreach (string ns in namespaces.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            (await RunAsync("--kubeconfig", directory.File("kubeconfig"), "create", "namespace", ns)).EnsureSuccess();
        }

        JsonNode[] here = [.. objects.Where(static one => !NotHere.Contains(Text(one["kind"]))).Select(static one => one.DeepClone())];
        await File.WriteAllTextAsync(directory.File("objects.json"), new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray(here) }.ToJsonString());

        ProcessResult applied = await RunAsync("--kubeconfig", directory.File("kubeconfig"), "apply", "--server-side", "-f", directory.File("objects.json"));

        applied.EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(here.Length).And.OnlyContain(static line => line.EndsWith(" serverside-applied", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("deploy/kustomize", "ClusterRole", "", "rocketops-system")]
    [InlineData("deploy/kustomize/namespaced", "Role", "shop", "shop")]
    [InlineData("deploy/kustomize/namespaces", "Role", "shop", "shop")]
    [InlineData("deploy/kustomize/namespaces", "Role", "billing", "shop")]
    public async Task Build_Roles_AreTheShippedRules(string folder, string kind, string ns, string leaseNamespace)
    {
        IReadOnlyList<JsonObject> objects = await BuildAsync(folder);
        JsonNode[] rules = [.. ((JsonObject)YamlReading.ParseAll(await File.ReadAllTextAsync(InRepository("deploy/rbac/operator-rules.yaml"))).Single())["rules"]!.AsArray().Select(static rule => rule!)];
        JsonNode[] ofLeases = [.. rules.Where(IsOfLeases)];

        // Leases without a name are those of broker groups, beside their clusters; the named one is the operator's own.
        ShouldGive(objects, kind, ns, ns.Length == 0 ? "rocketops-operator-rocketops-system" : "rocketops-operator", [.. rules.Where(static rule => !IsOfLeases(rule) || rule["resourceNames"] is null)]);
        ShouldGive(objects, "Role", leaseNamespace, "rocketops-operator-leader", ofLeases);
        objects.Any(static one => Text(one["kind"]) == "ClusterRoleBinding").Should().Be(ns.Length == 0, "one namespace takes no cluster-wide rights");
    }

    [SkippableTheory]
    [InlineData("deploy/kustomize", "registry.example.com/rocketops-")]
    [InlineData("deploy/kustomize/namespaced", "registry.example.com/rocketops-")]
    [InlineData("deploy/kustomize/namespaces", "registry.example.com/rocketops-")]
    [InlineData("deploy/kustomize/registry", "registry.internal/rocketops-")]
    public async Task Build_Images_AreOfTheChartsVersion(string folder, string prefix)
    {
        JsonObject deployment = (await BuildAsync(folder)).Single(static one => Text(one["kind"]) == "Deployment");
        string version = Text(YamlReading.ParseAll(await File.ReadAllTextAsync(InRepository("charts/rocketops/Chart.yaml"))).Single()["appVersion"]);

        JsonNode container = deployment["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Single()!;
        Text(container["image"]).Should().Be($"{prefix}operator:{version}");
        container["args"]!.AsArray().Select(Text).Should().Contain([$"--broker-image={prefix}broker:{version}", $"--nameserver-image={prefix}nameserver:{version}"]);
    }

    [SkippableFact]
    public async Task Build_SeveralNamespaces_TheOperatorIsToldOfEachRole()
    {
        IReadOnlyList<JsonObject> objects = await BuildAsync("deploy/kustomize/namespaces");

        JsonNode container = objects.Single(static one => Text(one["kind"]) == "Deployment")["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Single()!;
        string[] told = [.. container["args"]!.AsArray().Select(Text).Where(static argument => argument.StartsWith("--namespace=", StringComparison.Ordinal))];
        told.Should().Equal("--namespace=shop,billing");
        objects.Where(static one => Text(one["kind"]) == "Role" && Text(one["metadata"]!["name"]) == "rocketops-operator").Select(static one => Text(one["metadata"]!["namespace"])).Should().BeEquivalentTo(["shop", "billing"]);
    }

    [Fact]
    public void Install_IsTheBaseOfKustomize() =>
        File.ReadAllText(InRepository("deploy/kustomize/base/install.yaml")).Should().Be(File.ReadAllText(InRepository("deploy/install.yaml")), "both are written at once, as their second line says");

    private static void ShouldGive(IReadOnlyList<JsonObject> objects, string kind, string ns, string name, JsonNode[] rules)
    {
        JsonObject role = Named(objects, kind, ns, name);
        JsonObject binding = Named(objects, kind + "Binding", ns, name);

        JsonNode.DeepEquals(role["rules"], new JsonArray([.. rules.Select(static rule => rule.DeepClone())])).Should().BeTrue("{0} gives what deploy/rbac/operator-rules.yaml says", name);
        Text(binding["roleRef"]!["kind"]).Should().Be(kind);
        Text(binding["roleRef"]!["name"]).Should().Be(name);
        JsonNode subject = binding["subjects"]!.AsArray().Single()!;
        $"{subject["kind"]} {subject["namespace"]}/{subject["name"]}".Should().Be("ServiceAccount rocketops-system/rocketops-operator");
    }

    private static JsonObject Named(IReadOnlyList<JsonObject> objects, string kind, string ns, string name) =>
        objects.Single(one => Text(one["kind"]) == kind && Text(one["metadata"]!["namespace"]) == ns && Text(one["metadata"]!["name"]) == name);

    private static bool IsOfLeases(JsonNode rule) => rule["apiGroups"]!.AsArray().Any(static group => Text(group) == "coordination.k8s.io");

    private static string Text(JsonNode? node) => node?.ToString() ?? string.Empty;

    private static string InRepository(string path) => Path.Combine(SharedKits.RepositoryRoot, path);

    private async Task<IReadOnlyList<JsonObject>> BuildAsync(string folder)
    {
        string? reason = RingRules.Current.WhySkip(ring: null, kubectl.WhyMissing);
        Skip.If(reason is not null, reason);
        return [.. YamlReading.ParseAll(await kubectl.BuildAsync(InRepository(folder))).Cast<JsonObject>()];
    }

    private Task<ProcessResult> RunAsync(params string[] arguments) => ChildProcess.RunAsync(kubectl.Program!, arguments, TimeSpan.FromMinutes(2));
}
