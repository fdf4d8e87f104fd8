using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;

namespace RocketOps.Operator.Tests.Support;

/// <summary>What tests do with every embedded API server: give it the definitions that are shipped, and come there as its administrator.</summary>
internal static class EmbeddedServers
{
    extension(EmbeddedApiServer server)
    {
        public KubernetesClientConfiguration Administrator => new() { Server = server.Address, Token = server.Token, CertificateAuthorityPem = server.CaCertificatePem };

        /// <param name="change">Makes another definition of the text of each; null for as it is.</param>
        public async Task DefineAllAsync(Func<string, string>? change = null)
        {
            foreach (string file in Directory.GetFiles(Repository.Path("deploy", "crds"), "*.yaml"))
            {
                string definition = await File.ReadAllTextAsync(file);
                server.AddCrd(change?.Invoke(definition) ?? definition);
            }
        }
    }
}
