{{- define "rocketops.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "rocketops.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "rocketops.name" . }}
{{- if contains $name .Release.Name }}
{{- printf "%s-operator" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s-operator" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rocketops.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rocketops.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "rocketops.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "rocketops.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "rocketops.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "rocketops.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is empty and serviceAccount.create is false: name the account the operator runs as. The namespace's default account would give its rights to every pod there." .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* An image of the values with the chart's version as its default tag. */ -}}
{{- define "rocketops.image" -}}
{{- if not .image.repository }}
{{- fail "image.repository, brokerImage.repository and nameServerImage.repository are needed: there are no published images, so build and push them (docs/kubernetes.md) and name yours, as in --set image.repository=registry.example.com/rocketops-operator,brokerImage.repository=registry.example.com/rocketops-broker,nameServerImage.repository=registry.example.com/rocketops-nameserver" }}
{{- end }}
{{- printf "%s:%s" .image.repository (default .appVersion .image.tag) }}
{{- end }}

{{- /* Name of the policy that refuses to delete what is protected; empty where there is none. */ -}}
{{- define "rocketops.protectionPolicy" -}}
{{- if and .Values.deletionProtection.enabled (empty (include "rocketops.namespaces" .)) (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy") }}
{{- printf "%s-%s-deletion-protection" (include "rocketops.fullname" .) .Release.Namespace }}
{{- end }}
{{- end }}

{{- /* The namespaces that are watched, with commas between them; empty for all. */ -}}
{{- define "rocketops.namespaces" -}}
{{- $all := .Values.watchNamespaces | default list }}
{{- with .Values.watchNamespace }}{{ $all = prepend $all . }}{{ end }}
{{- $all | uniq | join "," }}
{{- end }}
