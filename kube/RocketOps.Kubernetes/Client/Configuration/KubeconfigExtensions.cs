namespace RocketOps.Kubernetes.Client.Configuration;

/// <summary>Configurations out of kubeconfig files, which are YAML: the client itself reads none.</summary>
public static class KubeconfigExtensions
{
    extension(KubernetesClientConfiguration)
    {
        /// <summary>
        /// The given kubeconfig; else the pod's service account; else <c>KUBECONFIG</c> or <c>~/.kube/config</c>. Throws <see cref="KubernetesConfigurationException"/>.
        /// </summary>
        public static KubernetesClientConfiguration Detect(string? kubeconfig = null) =>
            kubeconfig is not null ? FromKubeconfig(kubeconfig) : InClusterConfiguration.TryLoad() ?? FromKubeconfig();

        /// <param name="path">Null for <c>KUBECONFIG</c> (a list of files) or <c>~/.kube/config</c>.</param>
        /// <param name="context">Null for the current context.</param>
        public static KubernetesClientConfiguration FromKubeconfig(string? path = null, string? context = null) =>
            Kubeconfig.Load(path is null ? Kubeconfig.DefaultPaths() : [path]).Resolve(context);
    }
}
