using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.GitOps;

/// <summary>The scripts are the truth; the ConfigMap for Argo CD holds them word for word, under the keys Argo CD looks for.</summary>
public sealed class ArgoConfigMapTests
{
    private static string ConfigMap => Repository.Path("deploy", "argocd", "argocd-cm.yaml");

    [Fact]
    public void ConfigMap_IsMadeOfTheScripts()
    {
        StringBuilder text = new(
            """
            # Made of rocketops.io/*/health.lua: how Argo CD tells how well our objects are. A patch of Argo CD's own ConfigMap: docs/gitops.md says how to put it there.
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: argocd-cm
              namespace: argocd
              labels:
                app.kubernetes.io/name: argocd-cm
                app.kubernetes.io/part-of: argocd
            data:

            """);
        foreach (string kind in HealthScript.Kinds)
        {
            text.Append("  resource.customizations.health.rocketops.io_").Append(kind).Append(": |\n");
            foreach (string line in HealthScript.Source(kind).TrimEnd('\n').Split('\n'))
            {
                text.Append(line.Length == 0 ? "" : "    ").Append(line).Append('\n');
            }
        }

        Repository.ShouldMatch(ConfigMap, text.ToString());
    }

    [Fact]
    public void ConfigMap_ReadAsYaml_HasAScriptForEveryKindWeDefine()
    {
        JsonObject data = Yaml.ReadAll(File.ReadAllText(ConfigMap)).Single()["data"]!.AsObject();
        JsonNode[] definitions = [.. Directory.GetFiles(Repository.Path("deploy", "crds"), "*.yaml").SelectMany(static file => Yaml.ReadAll(File.ReadAllText(file)))];

        data.Select(static entry => entry.Key).Should().BeEquivalentTo(definitions.Select(static crd => $"resource.customizations.health.{crd["spec"]!["group"]}_{crd["spec"]!["names"]!["kind"]}"));
        foreach (string kind in HealthScript.Kinds)
        {
            data[$"resource.customizations.health.rocketops.io_{kind}"]!.GetValue<string>().Should().Be(HealthScript.Source(kind));
        }
    }
}
