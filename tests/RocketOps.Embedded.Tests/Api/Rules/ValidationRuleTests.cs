using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.CustomResources;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;
using RocketOps.Embedded.Tests.Conformance;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Embedded.Tests.Api.Rules;

/// <summary>The part of CEL that is evaluated here. What our own definitions say is compared with a real server by the conformance cases.</summary>
public sealed class ValidationRuleTests
{
    private const string Value = """{"a":1,"b":2,"s":"text","flag":true,"list":["x","y"],"map":{"k":"v"},"size":"1Gi","n":null,"namespace":"here"}""";
    private const string Old = """{"a":5}""";

    [Theory]
    [InlineData("self.a < self.b && self.b <= 2 && self.b > self.a && self.a >= 1", null)]
    [InlineData("self.a == 1 ? self.flag : self.nothing", null)]
    [InlineData("self.a == self.b", "m")]
    [InlineData("has(self.__namespace__) && self.__namespace__ == 'here' && !has(self.__package__)", null)]
    [InlineData("!(self.a != 1) || self.nothing == 1", null)]
    [InlineData("self.nothing == 1 || self.a == 1", null)]
    [InlineData("self.nothing == 1 && self.a == 2", "m")]
    [InlineData("self.nothing == 1", "no such key: nothing evaluating rule: m")]
    [InlineData("self.s == 1", "m")]
    [InlineData("self.s < 1", "no such overload evaluating rule: m")]
    [InlineData("self.a", "no such overload evaluating rule: m")]
    [InlineData("has(self.map.k) && !has(self.map.z) && !has(self.zz)", null)]
    [InlineData("self.n == null", null)]
    [InlineData("'x' in self.list && 'k' in self.map && !(self.s in [\"other\", 'its'])", null)]
    [InlineData("self.list.exists(i, i == 'y') && self.map.all(k, k.startsWith('k'))", null)]
    [InlineData("self.list.all(i, i == 'y')", "m")]
    [InlineData("size(self.list) == 2 && self.s.size() == 4 && size(self.map) == 1", null)]
    [InlineData("self.s.matches('^t.x') && self.s.contains('ex') && self.s.endsWith('t')", null)]
    [InlineData("self.s.matches('(')", "error parsing regexp")]
    [InlineData("quantity(self.size).compareTo(quantity('1024Mi')) == 0 && quantity(string(self.b)).compareTo(quantity('1e3')) < 0", null)]
    [InlineData("quantity('abc').compareTo(quantity('1')) == 0", "quantities must match the regular expression")]
    [InlineData("self.a >= oldSelf.a", "m")]
    [InlineData("self.a + 1 == self.b && 'a' + self.s == 'atext' && self.list + ['z'] == ['x', 'y', 'z']", null)]
    [InlineData("self.a + self.s == 'x'", "no such overload evaluating rule: m")]
    [InlineData("9223372036854775807 + self.a > 0", "integer overflow evaluating rule: m")]
    [InlineData("self.list[0] == 'x' && self.map['k'] == 'v'", null)]
    [InlineData("self.list[2] == 'x'", "index out of bounds: 2 evaluating rule: m")]
    [InlineData("self.map['z'] == 'x'", "no such key: z evaluating rule: m")]
    [InlineData("self.list.map(i, i + '!').filter(i, i != 'x!') == ['y!']", null)]
    [InlineData("self.list.join(',') == 'x,y' && [[1], [2, 3]].flatten().size() == 3 && 'AbÄ'.lowerAscii() == 'abÄ'", null)]
    [InlineData("{'k': self.map.k, 'n': [self.a]} == {'n': [1], 'k': 'v'}", null)]
    public void Failure_Rule_IsAsCelSays(string rule, string? expected)
    {
        ValidationRule read = ValidationRule.Read(new JsonObject { ["rule"] = rule, ["message"] = "m" });

        string? failure = read.Failure(Parse(Value), Parse(Old));

        if (expected is null)
        {
            failure.Should().BeNull();
        }
        else
        {
            failure.Should().StartWith(expected);
        }
    }

    [Theory]
    [InlineData("self.a - 1 == 0")]
    [InlineData("self.list[0:1] == ['x']")]
    [InlineData("self.list.reverse().size() == 2")]
    [InlineData("or(self.a, 1) == 1")]
    [InlineData("{'a' 1} == self.map")]
    [InlineData("now() == 1")]
    [InlineData("other.a == 1")]
    [InlineData("self.a == 1.5")]
    [InlineData("self.namespace == 'here'")]
    [InlineData("self.a == 'open")]
    [InlineData("self.s == 'it\\'s'")]
    [InlineData("self.a ==")]
    [InlineData("self.a == 1 1")]
    [InlineData("(self.a == 1")]
    [InlineData("")]
    public void Read_MoreThanIsKnownHere_IsRefused(string rule) =>
        FluentActions.Invoking(() => ValidationRule.Read(new JsonObject { ["rule"] = rule })).Should().Throw<FormatException>();

    [Fact]
    public void Read_DeepNesting_IsRefused() =>
        FluentActions.Invoking(() => ValidationRule.Read(new JsonObject { ["rule"] = new string('(', 5000) + "self" + new string(')', 5000) })).Should().Throw<FormatException>();

    [Fact]
    public async Task Crd_RuleBeyondTheSubset_IsServedWithAWarning()
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        const string crd = """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
            "names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",
            "properties":{"a":{"type":"integer"}},"x-kubernetes-validations":[{"rule":"self.a % 2 == 0"},{"rule":"self.a < 10"}]}}}}}]}}
            """;
        using StringContent content = new(crd, Encoding.UTF8, "application/json");

        using HttpResponseMessage created = await api.Client.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", content);

        created.Headers.GetValues("Warning").Single().Should().Contain("self.a % 2 == 0").And.Contain("does not evaluate");
        const string things = "/apis/example.com/v1/namespaces/default/things";
        (await api.SendAsync("POST", things, """{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"odd"},"spec":{"a":3}}""")).Code.Should().Be(201);
        (int code, JsonObject refused) = await api.SendAsync("POST", things, """{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"big"},"spec":{"a":10}}""");
        code.Should().Be(422);
        refused["message"]!.ToString().Should().EndWith("spec: Invalid value: \"object\": failed rule: self.a < 10");
    }

    [Fact]
    public void Crds_OfOurs_HaveNoRuleBeyondTheSubset()
    {
        CrdReader reader = new(BuiltinCatalog.Instance);
        foreach (string file in ConformanceCase.Crds)
        {
            JsonObject crd = (JsonObject)YamlReading.ParseAll(File.ReadAllText(file)).Single();

            reader.Read(crd).Schema.UncheckedRules.Should().BeEmpty(file);
        }
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonReading.Parse(Encoding.UTF8.GetBytes(json))!;
}
