{{/* Lists are merged by the names of their items, as kustomize does it: (list old new) -> JSON. */}}
{{- define "vmoe.byName" -}}
{{- $new := dict -}}
{{- range index . 1 }}{{ $_ := set $new .name . }}{{ end -}}
{{- $merged := list -}}
{{- range index . 0 -}}
{{- $merged = append $merged (mergeOverwrite (deepCopy .) (get $new .name | default dict)) -}}
{{- $_ := unset $new .name -}}
{{- end -}}
{{- range index . 1 }}{{ if hasKey $new .name }}{{ $merged = append $merged . }}{{ end }}{{ end -}}
{{- $merged | toJson -}}
{{- end -}}

{{/* Changes the only container and the pod of an object by a patch: (dict "object" ... "patch" ...). */}}
{{- define "vmoe.patch" -}}
{{- $pod := .object.spec.template.spec -}}
{{- $change := .patch.spec.template.spec -}}
{{- $container := first $pod.containers -}}
{{- $its := first $change.containers -}}
{{- range list "env" "volumeMounts" -}}
{{- if hasKey $its . -}}
{{- $old := get $container . | default list -}}
{{- $_ := set $container . (include "vmoe.byName" (list $old (get $its .)) | fromJsonArray) -}}
{{- end -}}
{{- end -}}
{{- with $its.resources }}{{ $_ := set $container "resources" . }}{{ end -}}
{{- with $change.volumes }}{{ $_ := set $pod "volumes" (include "vmoe.byName" (list $pod.volumes .) | fromJsonArray) }}{{ end -}}
{{- with $change.tolerations }}{{ $_ := set $pod "tolerations" . }}{{ end -}}
{{- if .patch.spec.strategy }}{{ $_ := mergeOverwrite .object.spec.strategy .patch.spec.strategy }}{{ end -}}
{{- end -}}
