namespace RocketOps.Kubernetes.Models;

public sealed class VolumeProjection
{
    public SecretProjection? Secret { get; set; }

    public ConfigMapProjection? ConfigMap { get; set; }

    public DownwardApiProjection? DownwardAPI { get; set; }

    public ServiceAccountTokenProjection? ServiceAccountToken { get; set; }
}
