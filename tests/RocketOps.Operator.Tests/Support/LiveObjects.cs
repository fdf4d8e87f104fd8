using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Changes objects that others write too.</summary>
internal static class LiveObjects
{
    extension(IKubernetesClient client)
    {
        /// <summary>Changes an object as it is now; false when somebody was faster, and it is to be tried again.</summary>
        public async Task<bool> TryChangeAsync<T>(string name, string ns, Action<T> change)
            where T : class, IKubernetesObject
        {
            T live = await client.GetAsync<T>(name, ns) ?? throw new InvalidOperationException($"There is no {typeof(T).Name} {name}.");
            change(live);
            try
            {
                await client.ReplaceAsync(live);
                return true;
            }
            catch (KubernetesException changed) when (changed.IsConflict)
            {
                return false;
            }
        }
    }
}
