using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Testing;

namespace RocketOps.Kubernetes.Tests.Client;

/// <summary>Valid input with a few bytes changed: every decoder answers, or refuses in the one way its callers know.</summary>
public sealed class HostileInputTests
{
    private const int Runs = 2000;

    private const string Watch = """
        {"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","resourceVersion":"1","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"containers":[{"name":"c","ports":[{"containerPort":1}]}]}}}
        {"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"2"}}}
        {"type":"ERROR","object":{"kind":"Status","code":410,"details":{"retryAfterSeconds":1}}}

        """;

    private const string Kubeconfig = """
        current-context: one
        contexts: [{name: one, context: {cluster: c, user: u}}]
        clusters:
        - name: c
          cluster: {server: "https://host:1", certificate-authority-data: aGVsbG8=, proxy-url: "http://proxy:1"}
        users:
        - name: u
          user: {client-certificate-data: aGVsbG8=, client-key-data: aGVsbG8=, tokenFile: token, as-groups: [a]}
        """;

    private const string Fields = """{"f:spec":{"f:ports":{"k:{\"port\":1}":{".":{},"f:port":{}}},"f:finalizers":{"v:\"a\"":{}}}}""";

    [Fact]
    public void Watch_Damaged_IsReadOrRefused() => ForAllDamages(Watch, bytes =>
    {
        try
        {
            ReadAll(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or KubernetesException)
        {
            // Refused in the way the informer knows.
        }
    });

    [Fact]
    public void Kubeconfig_Damaged_IsReadOrRefused()
    {
        using TempDirectory directory = new TempDirectory();
        string path = directory.File("config");
        ForAllDamages(Kubeconfig, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            try
            {
                KubernetesClientConfiguration.FromKubeconfig(path);
            }
            catch (KubernetesConfigurationException)
            {
                // Refused with words for a person.
            }
        });
    }

    [Fact]
    public void ManagedFields_Damaged_AreReadOrCoverNothing() => ForAllDamages(Fields, bytes =>
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            // The server's answer would have been refused as a whole.
            return;
        }

        using (document)
        {
            FieldOwnership.Covers(document.RootElement, JsonElement.Parse("""{"spec":{"ports":[{"port":1}],"finalizers":["a"]}}"""));
        }
    });

    [Fact]
    public void Quantity_AnyText_IsReadOrNot() => Prop.ForAll<string>(text => Quantity.TryParse(text, out _) || true).QuickCheckThrowOnFailure();

    private static void ForAllDamages(string valid, Action<byte[]> decode)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(valid);
        Gen<(int At, byte Value)> damage = Gen.Choose(0, bytes.Length - 1).SelectMany(_ => Gen.Choose(0, 255), (at, value) => (At: at, Value: (byte)value));
        Prop.ForAll(damage.ArrayOf(4).ToArbitrary(), damages =>
        {
            byte[] copy = (byte[])bytes.Clone();
            foreach ((int at, byte value) in damages)
            {
                copy[at] = value;
            }

            decode(copy);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Runs));
    }

    private static void ReadAll(byte[] bytes)
    {
        using MemoryStream stream = new MemoryStream(bytes);
        IAsyncEnumerable<WatchEvent<Pod>> events = WatchReader.ReadAsync(stream, KubernetesJsonContext.Default.Pod, 1_000_000, idleTimeout: null, TimeProvider.System, CancellationToken.None);
        foreach (WatchEvent<Pod>? item in events.ToBlockingEnumerable())
        {
            _ = item.ResourceVersion;
        }
    }
}
