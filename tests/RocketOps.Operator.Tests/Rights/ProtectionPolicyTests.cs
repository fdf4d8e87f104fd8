using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Rights;

/// <summary>The policy that keeps protected clusters is looked for on the API server, and what is found holds for a while.</summary>
public sealed class ProtectionPolicyTests : IAsyncLifetime
{
    private const string Group = "apis/admissionregistration.k8s.io/v1";
    private const string Policies = "validatingadmissionpolicies";
    private const string Bindings = "validatingadmissionpolicybindings";

    private readonly FakeTimeProvider _time = new();
    private EmbeddedApiServer _server = null!;
    private KubernetesClient _client = null!;
    private ProtectionPolicy _policy = null!;

    public async Task InitializeAsync()
    {
        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        Define("ValidatingAdmissionPolicy", Policies);
        Define("ValidatingAdmissionPolicyBinding", Bindings);
        _client = new KubernetesClient(_server.Administrator, new KubernetesTypes());
        _policy = new ProtectionPolicy(_client, new OperatorOptions { ProtectionPolicy = "guard" }, _time);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Find_BoundPolicy_NoProblemUntilItHasGone()
    {
        await CreateAsync("guard", "Deny");
        await CreateAsync("guard-data", "Deny");
        (await FindAsync()).Should().BeNull();

        await _client.SendAsync(HttpMethod.Delete, $"{Group}/{Bindings}/guard");

        (await FindAsync()).Should().BeNull("it was looked for just now");
        _time.Advance(TimeSpan.FromMinutes(6));
        (await FindAsync())!.Message.Should().EndWith("there is no ValidatingAdmissionPolicyBinding guard.");
    }

    [Fact]
    public async Task Find_NoPolicy_SaysSo()
    {
        Problem problem = (await FindAsync())!;

        problem.Should().Be(new Problem(
            Reasons.ProtectionMissing,
            "The annotation rocketops.io/deletion-protection keeps the operator from taking anything away, and nobody from deleting the cluster: there is no ValidatingAdmissionPolicy guard."));
    }

    [Fact]
    public async Task Find_PolicyThatWarnsAlone_SaysSo()
    {
        await CreateAsync("guard", "Warn", "Audit");

        (await FindAsync())!.Message.Should().EndWith("ValidatingAdmissionPolicyBinding guard does not have validationActions: [Deny].");
    }

    /// <summary>By another policy, as the API server hands it the cluster of what is deleted.</summary>
    [Theory]
    [InlineData(Policies, "there is no ValidatingAdmissionPolicy guard-data.")]
    [InlineData(Bindings, "there is no ValidatingAdmissionPolicyBinding guard-data.")]
    public async Task Find_NothingKeepsItsData_SaysSo(string gone, string why)
    {
        await CreateAsync("guard", "Deny");
        await CreateAsync("guard-data", "Deny");
        await _client.SendAsync(HttpMethod.Delete, $"{Group}/{gone}/guard-data");

        Problem problem = (await FindAsync())!;

        problem.Should().Be(new Problem(
            Reasons.ProtectionMissing,
            "The annotation rocketops.io/deletion-protection keeps the operator from taking anything away, and nobody from deleting its StatefulSets and claims: " + why));
    }

    [Fact]
    public async Task Find_ServerFails_IsNotKnownAndAskedAgain()
    {
        await CreateAsync("guard", "Deny");
        await CreateAsync("guard-data", "Deny");
        _server.FaultHook = static _ => ApiFault.Fail(403, "Forbidden");
        (await FindAsync())!.Reason.Should().Be(Reasons.ApiUnavailable);

        _server.FaultHook = null;

        (await FindAsync()).Should().BeNull();
    }

    private Task<Problem?> FindAsync() => _policy.FindProblemAsync(CancellationToken.None);

    private async Task CreateAsync(string name, params string[] actions)
    {
        await CreateAsync(Policies, "ValidatingAdmissionPolicy", name, []);
        await CreateAsync(Bindings, "ValidatingAdmissionPolicyBinding", name, new JsonObject { ["validationActions"] = new JsonArray([.. actions.Select(static action => (JsonNode?)action)]) });
    }

    private Task<JsonNode?> CreateAsync(string resource, string kind, string name, JsonObject spec) => _client.SendAsync(
        HttpMethod.Post,
        $"{Group}/{resource}",
        new JsonObject { ["apiVersion"] = "admissionregistration.k8s.io/v1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec });

    private void Define(string kind, string plural) => _server.AddCrd(new JsonObject
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{plural}.admissionregistration.k8s.io" },
        ["spec"] = new JsonObject
        {
            ["group"] = "admissionregistration.k8s.io",
            ["scope"] = "Cluster",
            ["names"] = new JsonObject { ["kind"] = kind, ["plural"] = plural, ["singular"] = kind.ToLowerInvariant() },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = "v1",
                ["served"] = true,
                ["storage"] = true,
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true } },
            }),
        },
    }.ToJsonString());
}
