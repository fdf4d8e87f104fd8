using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RocketOps.Kubernetes.Client.Configuration;

/// <summary>
/// Kubeconfig files merged as kubectl does: the first file that names a cluster, user, context or the current context wins; entries are never merged field by
/// field. Relative paths are relative to the file that holds them.
/// </summary>
internal sealed class Kubeconfig
{
    private readonly Dictionary<string, Entry> _clusters = [];
    private readonly Dictionary<string, Entry> _users = [];
    private readonly Dictionary<string, Entry> _contexts = [];
    private readonly List<string> _files = [];
    private string? _currentContext;

    public static IReadOnlyList<string> DefaultPaths() =>
        Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } list
            ? list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            : [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")];

    /// <summary>Files of a list that do not exist are skipped; that none exists is an error.</summary>
    public static Kubeconfig Load(IReadOnlyList<string> paths)
    {
        Kubeconfig config = new();
        foreach (string path in paths.Where(File.Exists))
        {
            config.Merge(Path.GetFullPath(path), ReadFile(path));
        }

        return config._files.Count > 0
            ? config
            : throw new KubernetesConfigurationException($"No kubeconfig found at {string.Join(", ", paths)}. Set KUBECONFIG or give a path.");
    }

    public KubernetesClientConfiguration Resolve(string? contextName)
    {
        contextName ??= _currentContext ?? throw Wrong("has no current-context; choose one with 'kubectl config use-context'");
        Entry context = Find(_contexts, contextName, "context");
        Entry cluster = Find(_clusters, context.Scalar("cluster") ?? throw Wrong($"context '{contextName}' names no cluster"), "cluster");
        Entry? user = context.Scalar("user") is { Length: > 0 } userName ? Find(_users, userName, "user") : null;
        RefuseUnsupported(user);

        if (!IsHttp(cluster.Scalar("server"), out Uri? server))
        {
            throw Wrong($"cluster '{context.Scalar("cluster")}' has no usable 'server': it must be an http or https address");
        }

        Uri? proxy = null;
        if (cluster.Scalar("proxy-url") is { Length: > 0 } proxyText && !Uri.TryCreate(proxyText, UriKind.Absolute, out proxy))
        {
            throw Wrong($"cluster '{context.Scalar("cluster")}' has the 'proxy-url' '{proxyText}', which is no address");
        }

        string? token = user?.Scalar("token");
        string? tokenFile = user?.File("tokenFile");
        return new KubernetesClientConfiguration
        {
            Server = server,
            Namespace = context.Scalar("namespace") is { Length: > 0 } ns ? ns : "default",
            Source = $"context '{contextName}' of {string.Join(", ", _files)}",
            CertificateAuthorityPem = cluster.Data("certificate-authority-data"),
            CertificateAuthorityFile = cluster.Scalar("certificate-authority-data") is null ? cluster.File("certificate-authority") : null,
            SkipTlsVerify = cluster.Scalar("insecure-skip-tls-verify") is "true",
            TlsServerName = cluster.Scalar("tls-server-name"),
            Proxy = proxy,
            ClientCertificate = user is null ? null : ClientCertificate(user),
            Token = token,
            TokenFile = tokenFile,
            Username = user?.Scalar("username"),
            Password = user?.Scalar("password"),
            ImpersonateUser = user?.Scalar("as"),
            ImpersonateGroups = user?.List("as-groups") ?? [],
        };
    }

    internal void Merge(string path, string yaml)
    {
        YamlStream stream = new();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            throw new KubernetesConfigurationException($"{path}({e.Start.Line},{e.Start.Column}): {e.Message}", e);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The parser lets exceptions of its own workings out on some broken input.
            throw new KubernetesConfigurationException($"{path} is not YAML: {e.Message}", e);
        }

        _files.Add(path);
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            return;
        }

        string directory = Path.GetDirectoryName(path) ?? ".";
        Entry top = new(root, directory, path);
        _currentContext ??= top.Scalar("current-context") is { Length: > 0 } current ? current : null;
        Collect(top, "clusters", "cluster", _clusters);
        Collect(top, "users", "user", _users);
        Collect(top, "contexts", "context", _contexts);
    }

    private static bool IsHttp(string? text, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesConfigurationException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static void Collect(Entry top, string listKey, string itemKey, Dictionary<string, Entry> into)
    {
        foreach (Entry item in top.Maps(listKey))
        {
            if (item.Scalar("name") is { } name)
            {
                into.TryAdd(name, item.Map(itemKey) ?? new Entry(new YamlMappingNode(), top.Directory, top.Path));
            }
        }
    }

    private static void RefuseUnsupported(Entry? user)
    {
        if (user?.Map("exec") is { } exec)
        {
            throw new KubernetesConfigurationException(
                $"{user.Path}: the user gets its credentials from the program '{exec.Scalar("command")}', which is not supported. "
                + "Use a token or a client certificate, for instance of a service account ('kubectl create token').");
        }

        if (user?.Map("auth-provider") is not null)
        {
            throw new KubernetesConfigurationException($"{user.Path}: 'auth-provider' was removed from Kubernetes; use a token or a client certificate.");
        }
    }

    private static X509Certificate2? ClientCertificate(Entry user)
    {
        string? certificate = user.DataOrFile("client-certificate");
        string? key = user.DataOrFile("client-key");
        if (certificate is null || key is null)
        {
            return certificate is null && key is null
                ? null
                : throw new KubernetesConfigurationException($"{user.Path}: a client certificate needs both 'client-certificate' and 'client-key'.");
        }

        try
        {
            X509Certificate2 pair = X509Certificate2.CreateFromPem(certificate, key);
            if (!OperatingSystem.IsWindows())
            {
                return pair;
            }

            // TLS on Windows needs a key in a key store.
            using (pair)
            {
                return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), password: null);
            }
        }
        catch (CryptographicException e)
        {
            throw new KubernetesConfigurationException($"{user.Path}: the client certificate cannot be read: {e.Message}", e);
        }
    }

    private Entry Find(Dictionary<string, Entry> entries, string name, string what) =>
        entries.TryGetValue(name, out Entry? entry) ? entry : throw Wrong($"has no {what} '{name}'");

    private KubernetesConfigurationException Wrong(string what) => new($"{string.Join(", ", _files)}: {what}.");

    /// <summary>A map of the file, with the place it came from.</summary>
    private sealed record Entry(YamlMappingNode Node, string Directory, string Path)
    {
        public string? Scalar(string key) => Node.Children.TryGetValue(key, out YamlNode? node) && node is YamlScalarNode { Value: { } value } ? value : null;

        public Entry? Map(string key) =>
            Node.Children.TryGetValue(key, out YamlNode? node) && node is YamlMappingNode map ? new Entry(map, Directory, Path) : null;

        public IEnumerable<Entry> Maps(string key) =>
            Node.Children.TryGetValue(key, out YamlNode? node) && node is YamlSequenceNode list
                ? list.Children.OfType<YamlMappingNode>().Select(m => new Entry(m, Directory, Path))
                : [];

        public IReadOnlyList<string> List(string key) =>
            Node.Children.TryGetValue(key, out YamlNode? node) && node is YamlSequenceNode list
                ? [.. list.Children.OfType<YamlScalarNode>().Select(s => s.Value ?? "")]
                : [];

        public string? File(string key)
        {
            if (Scalar(key) is not { Length: > 0 } file)
            {
                return null;
            }

            return file.Contains('\0', StringComparison.Ordinal)
                ? throw new KubernetesConfigurationException($"{Path}: '{key}' is no path.")
                : System.IO.Path.GetFullPath(file, Directory);
        }

        public string? Data(string key)
        {
            if (Scalar(key) is not { Length: > 0 } base64)
            {
                return null;
            }

            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(base64));
            }
            catch (FormatException e)
            {
                throw new KubernetesConfigurationException($"{Path}: '{key}' is not base64.", e);
            }
        }

        public string? DataOrFile(string key)
        {
            if (Data($"{key}-data") is { } data)
            {
                return data;
            }

            if (File(key) is not { } file)
            {
                return null;
            }

            return System.IO.File.Exists(file)
                ? ReadFile(file)
                : throw new KubernetesConfigurationException($"{Path}: '{key}' names {file}, which does not exist.");
        }
    }
}
