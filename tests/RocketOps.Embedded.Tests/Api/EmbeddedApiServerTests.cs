using System.Net;
using System.Text.Json.Nodes;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Api;

public sealed class EmbeddedApiServerTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task Request_WithoutItsToken_IsUnauthorized(string? token)
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        using HttpClient client = EmbeddedClients.For(api.Server, token ?? "x");
        if (token is null)
        {
            client.DefaultRequestHeaders.Authorization = null;
        }

        using HttpResponseMessage answer = await client.GetAsync("/api/v1/namespaces");

        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Request_FromAWebPage_IsUnauthorized()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        api.Client.DefaultRequestHeaders.Add("Origin", "https://example.com");

        (await api.CodeAsync("/api/v1/namespaces")).Should().Be(401);
    }

    [Fact]
    public async Task Body_OverTheLimit_IsRefused()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(new EmbeddedApiOptions { MaxBodyBytes = 10_000 });

        (int code, JsonObject body) = await api.SendAsync("POST", ApiTestServer.Widgets, new string(' ', 10_001));

        code.Should().Be(413);
        ((string)body["message"]!).Should().Be("Request entity too large: limit is 10000");
    }

    [Fact]
    public async Task WriteKubeconfig_File_IsForItsOwnerOnlyAndNamesTheServer()
    {
        using TempDirectory directory = new();
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        string path = directory.File("kubeconfig");

        api.Server.WriteKubeconfig(path);

        string text = await File.ReadAllTextAsync(path);
        text.Should().Contain($"https://127.0.0.1:{api.Server.Address.Port}").And.Contain(api.Server.Token);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task Restart_SameDirectory_KeepsObjectsVersionsTokenAndCrds()
    {
        using TempDirectory directory = new();
        EmbeddedApiOptions options = new() { DataDirectory = directory.Path };
        string token;
        long version;
        string uid;
        await using (ApiTestServer first = await ApiTestServer.StartAsync(options))
        {
            uid = (string)(await first.CreateAsync("kept"))["metadata"]!["uid"]!;
            await first.CreateAsync("gone");
            await first.SendAsync("DELETE", $"{ApiTestServer.Widgets}/gone");
            token = first.Server.Token;
            version = first.Server.ResourceVersion;
        }

        await using ApiTestServer second = await ApiTestServer.StartAsync(options, installCrd: false);

        second.Server.Token.Should().Be(token);
        second.Server.ResourceVersion.Should().Be(version);
        (await second.SendAsync("GET", $"{ApiTestServer.Widgets}/kept")).Body["metadata"]!["uid"]!.ToString().Should().Be(uid);
        (await second.CodeAsync($"{ApiTestServer.Widgets}/gone")).Should().Be(404);
        long next = long.Parse((string)(await second.CreateAsync("new"))["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
        next.Should().BeGreaterThan(version);
    }

    [Fact]
    public async Task Start_DirectoryInUse_Fails()
    {
        using TempDirectory directory = new();
        await using ApiTestServer first = await ApiTestServer.StartAsync(new EmbeddedApiOptions { DataDirectory = directory.Path });

        Func<Task> second = () => EmbeddedApiServer.StartAsync(new EmbeddedApiOptions { DataDirectory = directory.Path });

        await second.Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task AddCrd_WithTwoServedVersions_IsRefused()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        const string crd = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: foos.x.io}
            spec:
              group: x.io
              scope: Namespaced
              names: {plural: foos, kind: Foo}
              versions:
              - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
              - {name: v2, served: true, storage: false, schema: {openAPIV3Schema: {type: object}}}
            """;

        Action add = () => api.Server.AddCrd(crd);

        add.Should().Throw<FormatException>().WithMessage("*exactly one version*");
    }

    [Fact]
    public async Task Crd_Posted_IsServedAndEstablishedAtOnceAndGoneAfterItsDeletion()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        await api.CreateAsync("a");

        (await api.CodeAsync("/apis/conformance.rocketops.io/v1beta1")).Should().Be(200);
        JsonObject crd = (await api.SendAsync("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conformance.rocketops.io")).Body;
        crd["status"]!["conditions"]!.AsArray().Select(c => $"{c!["type"]}={c["status"]}").Should().BeEquivalentTo("NamesAccepted=True", "Established=True");

        await api.SendAsync("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conformance.rocketops.io");
        await Eventually.TrueAsync(async () => await api.CodeAsync("/apis/conformance.rocketops.io/v1beta1") == 404, "the resource is gone with its CRD");
    }

    [Fact]
    public async Task ReadTimeDefault_AddedToTheCrd_ShowsWithoutAWrite()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync();
        JsonObject before = await api.CreateAsync("a");
        string patch = """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/fresh","value":{"type":"string","default":"dd"}}]""";

        await api.SendAsync("PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conformance.rocketops.io", patch, "application/json-patch+json");

        JsonObject after = (await api.SendAsync("GET", $"{ApiTestServer.Widgets}/a")).Body;
        after["spec"]!["fresh"]!.ToString().Should().Be("dd");
        after["metadata"]!["resourceVersion"]!.ToString().Should().Be(before["metadata"]!["resourceVersion"]!.ToString());
    }
}
